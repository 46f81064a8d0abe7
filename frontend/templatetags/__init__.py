"""Template tags: bars drawn as SVG, numbers said for people."""
