"""DistServe's published placement problem [zhong2024distserve], a public yardstick for goodput, search and speed."""
