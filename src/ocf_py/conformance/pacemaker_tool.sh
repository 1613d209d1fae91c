#!/bin/sh
# crm_attribute, crm_master or attrd_updater, whichever it is called: writes down what is asked of
# it, and keeps the attributes of one node. Only what the shell has by itself is used.
tool=${0##*/}
folder=@FOLDER@ # its own may be another: it is mounted over the real tools as well
echo "$tool $*" >>"$folder/asked"
name= does=query plain= default=
[ "$tool" != crm_master ] || name=promotion
while [ $# -gt 0 ]; do
    word=$1 value=${2-} is_apart=yes
    case $word in
        --*=*) value=${word#*=} word=${word%%=*} is_apart= ;;
        -[nvBdUNltsip]?*) value=${word#-?} word=${word%"$value"} is_apart= ;;
    esac
    case $tool:$word in
        *:-n | *:--name | *:--attr-name) name=$value ;;
        *:-v | *:--update | *:--attr-value | attrd_updater:-[UB] | *:--update-both) does=update new=$value ;;
        crm_*:-d | *:--default) default=$value ;;
        crm_attribute:-p | *:--promotion) name=promotion ;;
        *:-D | *:--delete) does=delete ;;
        *:-q | *:--quiet | *:-Q) plain=yes ;;
    esac
    # Words whose value is a word of its own; -p of attrd_updater, and of crm_attribute, has none.
    case $word in
        -[nvBdUNltsi] | --name | --update | --update-both | --default | --node | --lifetime | --type | \
            --set-name | --id | --attr-name | --attr-value | --delay)
            [ -z "$is_apart" ] || [ $# -lt 2 ] || shift
            ;;
    esac
    shift
done
case $name in "" | */*) exit 64 ;; esac
kept=$folder/attribute.$name
case $does in
    update) echo "$new" >"$kept" ;;
    delete) : >"$kept" ;;
    query)
        held=$default
        [ ! -s "$kept" ] || read -r held <"$kept"
        [ "$held" ] || {
            echo "Error performing operation: No such device or address" >&2
            exit 105
        }
        case $tool:$plain in
            attrd_updater:*) echo "name=\"$name\" host=\"node1\" value=\"$held\"" ;;
            *:yes) echo "$held" ;;
            *) echo "scope=status  name=$name value=$held" ;;
        esac
        ;;
esac
