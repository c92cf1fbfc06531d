package main

import "fmt"

// goal is what WorkDrive promises itself, and what this run says of it.
type goal struct {
	name, wanted, measured string
	reached                bool
}

// The goals. Ratios are of rates in the same run.
const (
	feedToFloor   = 0.6 // a page of the feed, to a bare join of as many rows
	feedToSmall   = 0.8 // the feed with the most posts, to the feed with the fewest
	createToAlone = 3.0 // durable creates, to the same without group commit
	createToFloor = 0.6 // durable creates, to a bare grouped insert
	pageToFloor   = 0.6 // a page of news, photos or documents, to a bare join of as many rows
	maxIdleMiB    = 60
	maxReadyMS    = 1000
)

func (r *report) goals() []goal {
	var list []goal
	ratio := func(name string, wanted, measured float64) {
		list = append(list, goal{name, fmt.Sprintf("≥ %.1f", wanted), fmt.Sprintf("%.2f", measured), measured >= wanted})
	}
	least := func(name string, limit int64, unit string, measured int64) {
		list = append(list, goal{name, fmt.Sprintf("< %d %s", limit, unit), fmt.Sprintf("%d %s", measured, unit), measured < limit})
	}
	for _, l := range r.lines {
		where := fmt.Sprintf("%s, %d posts: ", l.engine, l.size)
		switch {
		case l.scenario == feedPage:
			ratio(where+"feed to floor", feedToFloor, l.ratio)
		case l.scenario == photoPage, l.scenario == newsPage, l.scenario == documentPage:
			ratio(where+l.scenario+" to floor", pageToFloor, l.ratio)
		case l.scenario == sizes:
			ratio(where+"feed to the feed with the fewest posts", feedToSmall, l.ratio)
		case l.scenario == createPost && l.engine == "sqlite":
			ratio(where+"create to grouped insert", createToFloor, l.ratio)
		case l.scenario == ungroupedCreate:
			ratio(where+"create to the same without group commit", createToAlone, l.ratio)
		}
	}
	for _, st := range r.starts {
		where := fmt.Sprintf("%s, %d posts: ", st.engine, st.size)
		least(where+"idle RSS", maxIdleMiB, "MiB", int64(st.rss))
		least(where+"ready", maxReadyMS, "ms", st.ready.Milliseconds())
	}
	return list
}
