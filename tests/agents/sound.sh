#!/bin/sh
# A sound agent whose resource is a file right below /run. What is wrong with the others, they
# define between this file and a call of `run`.
state=$OCF_RESKEY_state
# Where a start writes down what it is about, for a stop that is not told. Not every name makes one.
case $OCF_RESOURCE_INSTANCE in
    "" | */* | ???????????????????????????????*) record= ;;
    *) record=/run/record.$OCF_RESOURCE_INSTANCE ;;
esac

fail() {
    echo "ocf-exit-reason:$2" >&2
    exit "$1"
}
usable() {
    case ${state#/run/} in
        "$state" | "" | */* | . | .. | ???????????????????????????????*) return 1 ;;
    esac
    [ ! -d "$state" ]
}
up() {
    usable || fail 6 "state is no file right below /run"
    : >"$state" || fail 1 "state cannot be written"
}
down() {
    usable || exit 0
    [ ! -e "$state" ] || rm -f "$state" || fail 1 "state cannot be removed"
}
look() {
    usable && [ -f "$state" ] || exit 7
}
check() {
    usable || fail 6 "state is no file right below /run"
}
more() {
    fail 3 "no such action"
}
more_actions() { :; }
describe() {
    cat <<END
<?xml version="1.0"?>
<resource-agent name="${0##*/}" version="1">
<version>1.1</version>
<longdesc lang="en">A file below /run.</longdesc>
<shortdesc lang="en">A file</shortdesc>
<parameters>
<parameter name="state" required="1" unique-group="state">
<longdesc lang="en">The file</longdesc><shortdesc lang="en">File</shortdesc>
<content type="string"/></parameter>
<parameter name="count">
<longdesc lang="en">A number</longdesc><shortdesc lang="en">Number</shortdesc>
<content type="integer" default="3"/></parameter>
<parameter name="loud">
<longdesc lang="en">Noise</longdesc><shortdesc lang="en">Noise</shortdesc>
<content type="boolean" default="false"/></parameter>
<parameter name="mood">
<longdesc lang="en">A mood</longdesc><shortdesc lang="en">Mood</shortdesc>
<content type="select" default="glad"><option value="glad"/><option value="sad"/></content>
</parameter>
</parameters>
<actions>
<action name="start" timeout="20s"/>
<action name="stop" timeout="20s"/>
<action name="monitor" timeout="20s" interval="10s" depth="0"/>
<action name="validate-all" timeout="20s"/>
<action name="meta-data" timeout="20s"/>
$(more_actions)
</actions>
</resource-agent>
END
}
run() {
    case ${OCF_RA_VERSION_MAJOR:-1}/$1 in
        1/* | */meta-data | */stop) ;;
        *) fail 1 "OCF $OCF_RA_VERSION_MAJOR is not spoken here" ;;
    esac
    case $1 in
        start)
            [ -z "$record" ] || ! usable || printf '%s\n' "$state" >"$record"
            (up) || exit $?
            ;;
        stop)
            if [ -z "$state" ] && [ -f "$record" ]; then
                read -r state <"$record"
            fi
            (down) || exit $?
            [ -z "$record" ] || [ -e "$state" ] || [ ! -e "$record" ] || rm -f "$record"
            ;;
        monitor) look ;;
        validate-all) check ;;
        meta-data) describe ;;
        *) more "$1" ;;
    esac
    exit 0
}
