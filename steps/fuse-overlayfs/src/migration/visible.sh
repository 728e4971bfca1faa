# Waits for Docker, and prints its driver and all its images.
answers
echo "driver $driver"
visible || fail "Docker does not list its images"
