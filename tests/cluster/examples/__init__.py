"""What is shown to users works: the examples, the commands of the documentation, rehearsals."""
