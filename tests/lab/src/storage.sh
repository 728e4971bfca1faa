# Builds the same image of five layers on the driver that is in force, and measures; prints one
# line: bytes, milliseconds of the build, and five times the milliseconds to the first output.
used() { sync; du -s --block-size=1 /var/lib/docker | cut -f1; }
ms() { echo $(($(date +%s%N) / 1000000)); }
docker rmi -f phx-five phx-base >/dev/null 2>&1 || true
before=$(used)
docker import - phx-base < /var/tmp/phx-base.tar >/dev/null
d=$(mktemp -d /var/tmp/phx.XXXXXX); mkdir $d/small
i=0; while [ $i -lt 200 ]; do head -c 4096 /dev/urandom > $d/small/$i; i=$((i + 1)); done
head -c 8388608 /dev/urandom > $d/large
cat > $d/Dockerfile <<END
FROM phx-base
COPY large /large
COPY small /small
RUN rm /small/1 /small/2 && echo changed > /small/3 && mkdir /made
RUN head -c 1048576 /large > /made/part && chmod 600 /large
END
begin=$(ms); DOCKER_BUILDKIT=0 docker build --network none -q -t phx-five $d >/dev/null; built=$(($(ms) - begin))
rm -r $d
# What the build's own containers have left is no part of the image.
docker container prune -f >/dev/null
bytes=$(($(used) - before))
times=
for n in 1 2 3 4 5; do
    begin=$(ms)
    end=$(docker run --rm --label phx --network none phx-five echo x | { head -c 1 >/dev/null; ms; cat >/dev/null; })
    times="$times $((end - begin))"
done
docker rmi -f phx-five phx-base >/dev/null
echo "$bytes $built$times"
