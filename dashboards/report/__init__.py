"""Reports: what happened, against what is normal, with its sources, as HTML, PDF or Markdown."""
