"""What is printed: tables as text, CSV and Markdown, charts as SVG, pages as HTML; no domain."""
