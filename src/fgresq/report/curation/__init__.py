"""What a build of fine-grained pairs made: its data card and the pictures in it, from the files that it wrote."""
