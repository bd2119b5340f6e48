"""How each program of the mesh is started, one file a program."""
