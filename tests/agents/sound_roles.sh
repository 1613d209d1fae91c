# The same with roles: a promoted file holds a word.
. "${0%/*}/sound.sh"

score() { timeout 1 crm_attribute --promotion "$@" >/dev/null 2>&1 || :; }
more_actions() {
    echo '<action name="promote" timeout="20s"/><action name="demote" timeout="20s"/>'
}
up() {
    usable || fail 6 "state is no file right below /run"
    : >"$state" || fail 1 "state cannot be written"
    score -v 5
}
down() {
    usable || exit 0
    [ ! -e "$state" ] || rm -f "$state" || fail 1 "state cannot be removed"
    score -D
}
look() {
    usable && [ -f "$state" ] || exit 7
    score -v 5
    [ ! -s "$state" ] || exit 8
}
turn() {
    usable && [ -f "$state" ] || fail 1 "it does not run"
    printf %s "$1" >"$state" || fail 1 "state cannot be written"
    score -v 5
}
more() {
    case $1 in
        promote) turn promoted ;;
        demote) turn "" ;;
        *) fail 3 "no such action" ;;
    esac
}
