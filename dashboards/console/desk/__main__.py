"""The desk's process: `python -m dashboards.console.desk`, started by the console."""

from dashboards.console.desk.process import main

main()
