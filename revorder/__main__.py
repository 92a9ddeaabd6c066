"""`python -m revorder` and `revorder`: the command line, from experiments and the course."""

from revorder.course.command import course
from revorder.experiments.cli import main

main.add_command(course)

if __name__ == "__main__":
    main(prog_name="revorder")
