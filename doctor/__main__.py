"""Say what is installed, what will be used and what is missing.

Example: python -m nonzero doctor
"""

import sys
from pathlib import Path
from typing import Annotated

from doctor.examine import examine, lacks, report, shown, text


def bare() -> None:
    """Say it in plain lines, where the packages that make tables and read options are missing themselves."""
    findings = examine()
    for thing, state, found, remedy in shown(findings):
        print(f"{state:<8} {thing}: {found or 'none'}{f'; {remedy}' if remedy else ''}")
    print("\n".join(text(findings)))
    sys.exit(1 if lacks(findings) else 0)


def main() -> None:
    """Run the command."""
    try:
        import typer

        from cli import command, paths, table
    except ModuleNotFoundError:
        bare()
        return
    app = command.application("Say what is installed, what will be used and what is missing.")

    @app.command()
    def run(json: Annotated[Path | None, typer.Option(help="Write all findings to a file.")] = None) -> None:
        """Say what is installed, which simulator and place-and-route will be used, what is missing and what brings it.

        Example: python -m nonzero doctor

        Exit code 1 means that something is missing that a command needs.
        """
        paths.check(outputs={"--json": json})
        with command.progress("looking for tools"):
            findings = examine()
        table.show("", ("what", "state", "found", "what it is for, or what to do"), shown(findings))
        print("\n".join(text(findings)))
        if json:
            command.write_report(json, report(findings))
            print(f"wrote {json}")
        sys.exit(1 if lacks(findings) else 0)

    command.main(app)


if __name__ == "__main__":
    main()
