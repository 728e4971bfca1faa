# How much room there is, and how large the folder $2 of a driver is.
echo "free $(df -B1 --output=avail "$data" | tail -n 1 | tr -d " ")"
held=$(du -s -x -B1 "$dir" 2>/dev/null | cut -f 1)
echo "held ${held:-0}"
# A folder of vfs can have more files than anybody wants to wait for.
size=$(timeout 20 du -s -x -B1 "$2" 2>/dev/null) && echo "size $(printf '%s\n' "$size" | cut -f 1)"
exit 0
