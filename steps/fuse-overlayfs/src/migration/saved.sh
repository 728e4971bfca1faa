# Whether a complete copy of exactly the images in the manifest is there.
whole
