"""`python -m revorder`: the command line."""

from revorder.experiments.cli import main

if __name__ == "__main__":
    main(prog_name="revorder")
