package user_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/alexedwards/argon2id"
	"github.com/google/go-cmp/cmp"

	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/module/user"
	"github.com/workdrive/workdrive/internal/testkit/cast"
)

func TestACreatedPersonHasEverythingTheDraftSays(t *testing.T) {
	each(t, func(s *stage) {
		department, berlin, rome := s.Department(s.T, "Development"), s.Location(s.T, "Berlin"), s.Location(s.T, "Rome")
		group := s.Group(s.T, "Editors")
		boss := s.mustCreate(draft("boss"))
		d := draft("John.Smith")
		d.Phone, d.Designation, d.Department, d.Location = ptr("+1 375"), ptr(" Manager "), ptr("DEVELOPMENT"), ptr(berlin)
		d.SecurityGroup, d.ReportsTo, d.IsDepartmentHead = ptr(group), ptr(boss.ID), ptr(true)
		d.Skill, d.Skills, d.DefaultVisibility = []string{"Go", "SQL"}, []string{"Go", "Rust"}, ptr("restricted")
		d.AddAdditionalTeams, d.AddAdditionalLocations = []string{s.admin.UserID}, []string{rome}
		d.ExternalUserID = ptr("HR-7")

		u := s.mustCreate(d)

		type shown struct {
			Name, Mail, Status, Designation, Department, Location, Boss, Visibility, External, Group string
			Head                                                                                     bool
			Availability                                                                             int64
			Skill, Teams, Locations                                                                  []string
		}
		got := shown{
			u.UserName, u.Email, u.Status, *u.Designation, u.DepartmentData.Name, u.Location.Name, u.ReportsToObj.FirstName,
			u.DefaultVisibility, *u.ExternalUserID, *u.SecurityGroup, u.IsDepartmentHead, u.Availability, u.Skill, u.UserAdditionalTeams, u.AddAdditionalLocations,
		}
		want := shown{
			"john.smith", "John.Smith@example.com", "PRE_INVITED", "Manager", "Development", "Berlin", "boss",
			"restricted", "HR-7", group, true, 1, []string{"Go", "SQL", "Rust"}, []string{s.admin.UserID}, []string{rome},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			s.Error(diff)
		}
		if *u.Department != department || len(u.SecurityGroups) != 2 || u.OrgID != s.ID || u.CreatedBy != s.admin.UserID {
			s.Errorf("department, groups, organization or author is wrong: %+v", u)
		}
		if len(u.Color) != 7 || u.Color[0] != '#' {
			s.Errorf("color %q is not #RRGGBB", u.Color)
		}
		if got := s.mustGet(boss.ID).TeamMembers; !slices.Equal(got, []string{u.ID}) {
			s.Errorf("team of the supervisor is %v", got)
		}
		if !slices.Contains(s.events, "user.created "+u.ID) {
			s.Errorf("no user.created among %v", s.events)
		}
	})
}

func TestAPasswordMakesAPersonActiveAndIsStoredHashed(t *testing.T) {
	each(t, func(s *stage) {
		d := draft("eve")
		d.Password = ptr("correct horse")
		u := s.mustCreate(d)
		if u.Status != user.Active {
			s.Errorf("status is %s", u.Status)
		}
		var hash string
		if err := s.db.Reader(context.Background()).QueryRow(context.Background(),
			`SELECT password_hash FROM users WHERE org_id = ? AND id = ?`, s.ID, u.ID).Scan(&hash); err != nil {
			s.Fatal(err)
		}
		if ok, err := argon2id.ComparePasswordAndHash("correct horse", hash); !ok || err != nil {
			s.Errorf("hash %q does not match: %v", hash, err)
		}
		for _, bad := range []string{"short", strings.Repeat("x", 129)} {
			d.Email, d.Password = "x"+d.Email, &bad
			_, err := s.Create(context.Background(), s.admin, d, false)
			s.wantFault(err, fault.KindInvalid, "request.invalid", "/password")
		}
	})
}

func TestANewPasswordActivatesWhoeverIsInvited(t *testing.T) {
	each(t, func(s *stage) {
		for before, after := range map[string]string{
			user.PreInvited: user.Active, user.Invited: user.Active, user.Active: user.Active, user.Blocked: user.Blocked, user.Archive: user.Archive,
		} {
			d := draft(before)
			d.Status = &before
			u := s.mustCreate(d)
			if err := s.SetPasswordHash(context.Background(), s.admin, u.ID, "hash"); err != nil {
				s.Fatal(err)
			}
			if got := s.mustGet(u.ID); got.Status != after || got.Version() != 2 || !slices.Contains(s.events, "user.updated "+u.ID) {
				s.Errorf("%s became %s, version %d", before, got.Status, got.Version())
			}
		}
		stranger := cast.NewOrg(s.T, s.db).Person(s.T, "sam")
		s.wantFault(s.SetPasswordHash(context.Background(), s.admin, stranger.UserID, "hash"), fault.KindNotFound, "user.notFound")
	})
}

func TestCreatingReportsEveryBadFieldAtOnce(t *testing.T) {
	each(t, func(s *stage) {
		stranger := cast.NewOrg(s.T, s.db)
		theirs := stranger.Person(s.T, "zoe")
		bad := user.Draft{
			Email: "nobody", LastName: strings.Repeat("x", 101), Phone: ptr("1\x00"), Department: ptr("Nowhere"),
			Location: ptr(stranger.Location(s.T, "Oslo")), SecurityGroup: ptr("string"), ReportsTo: ptr(theirs.UserID),
			Status: ptr("GONE"), DefaultVisibility: ptr("all"), AddAdditionalTeams: []string{"string"},
			AddAdditionalLocations: []string{"string"}, Skill: []string{strings.Repeat("x", 101)},
		}
		_, err := s.Create(context.Background(), s.admin, bad, false)
		s.wantFault(err, fault.KindInvalid, "request.invalid", "/email", "/firstName", "/lastName", "/phone", "/department", "/location",
			"/securityGroup", "/reportsTo", "/status", "/defaultVisibility", "/addAdditionalTeams/0", "/addAdditionalLocations/0", "/skill")
	})
}

func TestAnEMailIsUniqueWhateverItsCase(t *testing.T) {
	each(t, func(s *stage) {
		first := draft("anna")
		first.ExternalUserID = ptr("1")
		s.mustCreate(first)
		second := draft("ANNA")
		second.ExternalUserID = ptr("1")
		_, err := s.Create(context.Background(), s.admin, second, false)
		s.wantFault(err, fault.KindConflict, "user.emailTaken", "/email", "/externalUserId")

		other := cast.NewOrg(s.T, s.db).Administrator(s.T, "otto")
		if _, err := s.Create(context.Background(), other, first, false); err != nil {
			s.Errorf("another organization cannot use the address: %v", err)
		}
	})
}

func TestAUserNameIsTheLocalPartOrTheWholeAddress(t *testing.T) {
	each(t, func(s *stage) {
		a := s.mustCreate(user.Draft{Email: "jo@a.example", FirstName: "Jo", LastName: "A"})
		b := s.mustCreate(user.Draft{Email: "Jo@b.example", FirstName: "Jo", LastName: "B"})
		s.mustUpdate(b.ID, change(`{"email": "joanna@b.example"}`))
		c := s.mustCreate(user.Draft{Email: "jo@b.example", FirstName: "Jo", LastName: "C"})
		if a.UserName != "jo" || b.UserName != "jo@b.example" || !strings.HasPrefix(c.UserName, "jo.") {
			s.Errorf("user names are %s, %s, %s", a.UserName, b.UserName, c.UserName)
		}
	})
}

func TestNobodyHandsOutMoreThanTheyHold(t *testing.T) {
	each(t, func(s *stage) {
		hr := s.Person(s.T, "hanna")
		hr.Capabilities = []authz.Capability{authz.UsersManage}
		d := draft("puppet")
		d.SecurityGroup = ptr(s.Administrators)
		_, err := s.Create(context.Background(), hr, d, false)
		s.wantFault(err, fault.KindForbidden, "user.groupAboveCaller", "/securityGroup")
		_, err = s.Update(context.Background(), hr, s.member.UserID, "", change(`{"securityGroup": "`+s.Administrators+`"}`))
		s.wantFault(err, fault.KindForbidden, "user.groupAboveCaller")
		for _, in := range []string{`{"email": "mine@example.com"}`, `{"status": "BLOCKED"}`} {
			_, err = s.Update(context.Background(), hr, s.admin.UserID, "", change(in))
			s.wantFault(err, fault.KindForbidden, "user.aboveCaller")
		}
		s.wantFault(s.Delete(context.Background(), hr, s.admin.UserID, "", false), fault.KindForbidden, "user.aboveCaller")
		_, _, err = s.BulkDelete(context.Background(), hr, []string{s.member.UserID, s.admin.UserID})
		s.wantFault(err, fault.KindForbidden, "user.aboveCaller")

		d.SecurityGroup = ptr(s.Group(s.T, "HR", authz.UsersManage))
		if _, err := s.Create(context.Background(), hr, d, false); err != nil {
			s.Errorf("a group of one's own kind is refused: %v", err)
		}
		if err := s.Delete(context.Background(), hr, s.member.UserID, "", false); err != nil {
			s.Errorf("deleting a member is refused: %v", err)
		}
	})
}

func TestOnboardingFillsWhatIsMissingMostSpecificFirst(t *testing.T) {
	each(t, func(s *stage) {
		nurses, berlin, rome := s.Department(s.T, "Nurses"), s.Location(s.T, "Berlin"), s.Location(s.T, "Rome")
		s.settings["onboarding"] = fmt.Sprintf(`{
			"organization": {"department": %q, "location": %q, "designation": "Somebody", "skill": ["Tact"], "reportsTo": "gone"},
			"departments": {%q: {"designation": "Nurse", "location": %q}},
			"locations": {%q: {"designation": "Roman", "defaultVisibility": "restricted"}}}`, nurses, berlin, nurses, rome, rome)
		filled, err := s.Create(context.Background(), s.admin, draft("nina"), true)
		if err != nil {
			s.Fatal(err)
		}
		if *filled.Department != nurses || *filled.LocationID != rome || *filled.Designation != "Nurse" ||
			filled.DefaultVisibility != "restricted" || !slices.Equal(filled.Skill, []string{"Tact"}) || filled.ReportsTo != nil {
			s.Errorf("filled wrongly: %+v", filled)
		}
		own := draft("own")
		own.Designation, own.Location = ptr("Boss"), ptr(berlin)
		kept, err := s.Create(context.Background(), s.admin, own, true)
		if err != nil {
			s.Fatal(err)
		}
		if *kept.Designation != "Boss" || *kept.LocationID != berlin || *kept.Department != nurses {
			s.Errorf("what the request says was not kept: %+v", kept)
		}
		if plain := s.mustCreate(draft("plain")); plain.Department != nil || plain.Designation != nil {
			s.Errorf("filled without bulk: %+v", plain)
		}
	})
}

func TestProvisionCreatesTheFirstAdministrator(t *testing.T) {
	each(t, func(s *stage) {
		org := cast.NewOrg(s.T, s.db)
		hash, err := user.HashPassword("correct horse")
		if err != nil {
			s.Fatal(err)
		}
		var id string
		err = s.db.Write(context.Background(), func(ctx context.Context, tx db.Tx) error {
			id, err = s.Provision(ctx, tx, org.ID, user.NewPerson{
				Email: "first@example.com", FirstName: "First", LastName: "Admin", Status: user.Active, PasswordHash: hash,
				GroupIDs: []string{org.Administrators, org.Members},
			})
			return err
		})
		if err != nil {
			s.Fatal(err)
		}
		u, err := s.Get(context.Background(), authz.Actor{OrgID: org.ID, UserID: id}, id)
		if err != nil {
			s.Fatal(err)
		}
		if u.CreatedBy != id || u.Status != user.Active || *u.SecurityGroup != org.Administrators || len(u.SecurityGroups) != 2 {
			s.Errorf("provisioned wrongly: %+v", u)
		}
		err = s.db.Write(context.Background(), func(ctx context.Context, tx db.Tx) error {
			_, err := s.Provision(ctx, tx, org.ID, user.NewPerson{Email: "no", Status: user.Active})
			return err
		})
		s.wantFault(err, fault.KindInvalid, "request.invalid", "/email", "/firstName")
	})
}
