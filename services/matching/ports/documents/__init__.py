"""Reading the files of CVs: everything here runs in a child process that may do nothing else."""
