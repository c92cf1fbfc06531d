package user

import (
	"cmp"
	"context"
	"slices"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// Create makes one person. With defaults the on-boarding settings fill what the draft
// leaves out. A taken e-mail or external id is a conflict.
func (s *Service) Create(ctx context.Context, who authz.Actor, d Draft, defaults bool) (User, error) {
	hash, err := s.hashOf(ctx, d)
	if err != nil {
		return User{}, err
	}
	var made User
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		people, k, err := s.prepare(ctx, tx, who, []Draft{d}, defaults)
		if err != nil {
			return err
		}
		c := people[0]
		if err := cmp.Or(c.Err(), c.conflict()); err != nil {
			return err
		}
		c.passwordHash = hash
		if err := s.insert(ctx, tx, who.OrgID, people, k, s.stamp(who)); err != nil {
			return err
		}
		made, err = s.read(ctx, tx, who, c.id)
		return err
	})
	return made, err
}

// Provision creates a person that the program itself needs, such as the first
// administrator of a new organization, in the caller's transaction. The groups must
// exist already.
func (s *Service) Provision(ctx context.Context, tx db.Tx, orgID string, p NewPerson) (string, error) {
	c := check(Draft{Email: p.Email, FirstName: p.FirstName, LastName: p.LastName, Status: &p.Status})
	if err := c.Err(); err != nil {
		return "", err
	}
	if p.ID != "" {
		c.id = p.ID
	}
	if p.PasswordHash != "" {
		c.passwordHash = &p.PasswordHash
	}
	k := known{userNames: set{}}
	var w wanted
	c.want(&w)
	if err := s.store.lookTaken(ctx, tx, orgID, w, &k); err != nil {
		return "", err
	}
	if err := s.insert(ctx, tx, orgID, []*candidate{c}, k, s.stamp(authz.Actor{})); err != nil {
		return "", err
	}
	groups := make([]pair, len(p.GroupIDs))
	for i, g := range p.GroupIDs {
		groups[i] = pair{c.id, g}
	}
	return c.id, s.store.link(ctx, tx, insertGroups, orgID, groups)
}

// prepare validates drafts by themselves, against each other and against the
// organization. What is wrong with a row stays with its candidate; the error is for
// what concerns the whole call. The number of statements does not depend on the rows.
func (s *Service) prepare(ctx context.Context, q db.Queryer, who authz.Actor, drafts []Draft, defaults bool) ([]*candidate, known, error) {
	drafts = slices.Clone(drafts) // a transaction may be repeated
	filled := make([]set, len(drafts))
	if defaults {
		var err error
		if filled, err = s.fillDefaults(ctx, q, who.OrgID, drafts); err != nil {
			return nil, known{}, err
		}
	}
	people := make([]*candidate, len(drafts))
	var w wanted
	for i, d := range drafts {
		people[i] = check(d)
		people[i].filled = filled[i]
		people[i].want(&w)
	}
	k, err := s.store.look(ctx, q, who.OrgID, w)
	if err != nil {
		return nil, k, err
	}
	byEmail := unique(people, k)
	for _, c := range people {
		if err := mayJoin(who, k, "/securityGroup", c.group); err != nil {
			return nil, k, err
		}
		c.resolve(k, byEmail)
	}
	checkLines(people)
	return people, k, nil
}

// unique records e-mails and external ids that somebody else has, in the organization
// or further up in the file, and gives the file's rows by e-mail.
func unique(people []*candidate, k known) map[string]*candidate {
	byEmail, byExternal := map[string]*candidate{}, map[string]*candidate{}
	for _, c := range people {
		if key := fold(c.email); key != "" {
			switch {
			case k.emails[key]:
				c.taken.Add("/email", "user.emailTaken", emailTaken)
			case byEmail[key] != nil:
				c.taken.Add("/email", "user.emailRepeated", "An earlier row has this e-mail address.")
			default:
				byEmail[key] = c
			}
		}
		if c.externalID == nil {
			continue
		}
		switch key := *c.externalID; {
		case k.externalIDs[key]:
			c.taken.Add("/externalUserId", "user.externalUserIdTaken", externalTaken)
		case byExternal[key] != nil:
			c.taken.Add("/externalUserId", "user.externalUserIdRepeated", "An earlier row has this external id.")
		default:
			byExternal[key] = c
		}
	}
	return byEmail
}

// conflict is the fault for what is taken, nil for nothing.
func (c *candidate) conflict() error {
	if c.taken.Empty() {
		return nil
	}
	first := c.taken.List()[0]
	e := fault.Conflict(first.Code, first.Detail)
	e.Fields = c.taken.List()
	return e
}

// checkLines refuses reporting lines within a file that come back to where they start.
func checkLines(people []*candidate) {
	for _, c := range people {
		steps := 0
		for up := c.supervisor; up != nil && steps <= len(people); up = up.supervisor {
			if up == c {
				c.Add("/reportsToEmail", "user.reportsToCycle", reportsToCycle)
				break
			}
			steps++
		}
	}
}

// insert writes people and everything that belongs to them. Supervisors go before the
// people who report to them.
func (s *Service) insert(ctx context.Context, tx db.Tx, orgID string, people []*candidate, k known, at stamp) error {
	ordered := slices.Clone(people)
	slices.SortStableFunc(ordered, func(a, b *candidate) int { return cmp.Compare(a.depth(), b.depth()) })
	var teams, locations, groups []pair
	var departments set
	for _, c := range ordered {
		c.name(k.userNames)
		teams = append(teams, pairs(c.id, c.teams)...)
		locations = append(locations, pairs(c.id, c.locations)...)
		for _, g := range []*string{&k.membersGroup, c.group} {
			if g != nil && *g != "" {
				groups = append(groups, pair{c.id, *g})
			}
		}
		departments.addPtr(c.department)
	}
	if err := s.store.insert(ctx, tx, orgID, ordered, at); err != nil {
		return err
	}
	for _, l := range []struct {
		insert string
		pairs  []pair
	}{{insertTeams, teams}, {insertLocations, locations}, {insertGroups, groups}} {
		if err := s.store.link(ctx, tx, l.insert, orgID, l.pairs); err != nil {
			return err
		}
	}
	if err := s.store.ensureHeads(ctx, tx, orgID, departments.list(), at); err != nil {
		return err
	}
	created := make([]string, len(people))
	for i, c := range people {
		created[i] = c.id
	}
	if err := s.changed(ctx, tx, orgID, created...); err != nil {
		return err
	}
	if err := s.store.liftNew(ctx, tx, orgID, created); err != nil {
		return err
	}
	return s.publishEach(ctx, tx, orgID, "user.created", created, at.by)
}

// depth is how many supervisors in the same file are above the candidate.
func (c *candidate) depth() (n int) {
	for up := c.supervisor; up != nil; up = up.supervisor {
		n++
	}
	return n
}

func pairs(id string, refs []string) []pair {
	list := make([]pair, len(refs))
	for i, ref := range refs {
		list[i] = pair{id, ref}
	}
	return list
}
