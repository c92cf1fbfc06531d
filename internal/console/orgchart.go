package console

import (
	"net/url"
)

// maxCharted is how many people an org chart shows.
const maxCharted = 1000

// charted is a person with who reports to them.
type charted struct {
	person
	reports []*charted
	open    bool
}

// chart is who reports to whom.
type chart struct {
	roots []*charted
	cut   bool // there are more people than are shown
}

func (c *Console) orgChart(v *visit) error {
	var all people
	if err := v.get("/api/users", url.Values{"per_page": {itoa(maxCharted)}, "status": {"ACTIVE"}}, &all); err != nil {
		return err
	}
	k := chartOf(all.Users, v.who.UserID)
	k.cut = all.Meta.TotalResults > len(all.Users)
	return v.page(orgChartPage(k))
}

// chartOf puts people below whom they report to. The way down to one of them is open, and so are the
// first levels.
func chartOf(list []person, me string) chart {
	by := map[string]*charted{}
	for _, p := range list {
		by[p.ID] = &charted{person: p}
	}
	var k chart
	for _, p := range list {
		one := by[p.ID]
		if above := by[p.ReportsTo]; above != nil && above != one {
			above.reports = append(above.reports, one)
		} else {
			k.roots = append(k.roots, one)
		}
	}
	for at := by[me]; at != nil && !at.open; at = by[at.ReportsTo] {
		at.open = true
	}
	for _, r := range k.roots {
		r.open = true
	}
	return k
}

// below is how many people report to somebody, at any distance.
func (c *charted) below() int {
	n := len(c.reports)
	for _, r := range c.reports {
		n += r.below()
	}
	return n
}
