# Where the saved images are; this stands before each script of the migration. $1: Docker's data folder.
set -u
umask 077
export LC_ALL=C

data=${1:?no data folder}
# Below Docker's own folder, because only there it is sure to be on the file system that has the room. Docker looks
# at the names in there that it knows, and at no others.
dir=$data/phoenix-orch-migration
# manifest   what has to be carried over: written by the orchestrator before anything else
# images.tar the images; complete as soon as it has this name
# of         the manifest that it was made from
# expected   the images in it, by the digests of their configurations; it comes last, so what it stands beside is whole
# carried    the same, kept when the rest is gone
