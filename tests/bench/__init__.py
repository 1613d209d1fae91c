"""What an action costs, beside the shell agent of the same job and a bare interpreter."""
