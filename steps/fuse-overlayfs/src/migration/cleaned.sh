# Whether nothing is left of the saved images but their list.
[ ! -d "$dir" ] || [ -z "$(find "$dir" -mindepth 1 -maxdepth 1 ! -name carried)" ]
