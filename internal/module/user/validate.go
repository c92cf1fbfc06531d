package user

import (
	"encoding/json"
	"hash/fnv"
	"net/mail"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

const (
	emailTaken     = "Another person of the organization has this e-mail address."
	externalTaken  = "Another person of the organization has this external id."
	reportsToCycle = "The person would report to themselves, directly or over others."
)

// candidate is a draft on its way to becoming a row.
type candidate struct {
	fault.Fields              // what is wrong with it; pointers are relative to the draft
	taken        fault.Fields // what somebody else has: a conflict when one person is created

	id, email, userName     string
	externalID              *string
	status                  string
	firstName, lastName     string
	bio, phone, designation *string
	department, location    *string
	head, expert            bool
	reportsTo               *string
	visibility, skills      string
	zone, language          *string
	passwordHash            *string
	group                   *string
	teams, locations        []string

	supervisorEmail string     // lower case; "" when the supervisor is named by id
	supervisor      *candidate // in the same file
	filled          set        // fields that on-boarding defaults filled: unknown ids are dropped
}

// check validates a draft as far as that needs no database.
func check(d Draft) *candidate {
	c := &candidate{id: ids.New(), status: PreInvited, visibility: Public, filled: set{}}
	c.email = c.checkEmail(d.Email)
	c.firstName = required(&c.Fields, "firstName", d.FirstName, maxName)
	c.lastName = required(&c.Fields, "lastName", d.LastName, maxName)
	c.phone = optional(&c.Fields, "phone", d.Phone, maxPhone)
	c.bio = optional(&c.Fields, "bio", d.Bio, maxBio)
	c.designation = optional(&c.Fields, "designation", d.Designation, maxDesignation)
	c.externalID = optional(&c.Fields, "externalUserId", d.ExternalUserID, maxExternalID)
	c.zone = optional(&c.Fields, "timeZone", d.TimeZone, maxZone)
	c.language = optional(&c.Fields, "language", d.Language, maxLanguage)
	checkPlace(&c.Fields, c.zone, c.language)
	c.department = optional(&c.Fields, "department", d.Department, 0)
	c.location = optional(&c.Fields, "location", d.Location, 0)
	c.group = optional(&c.Fields, "securityGroup", d.SecurityGroup, 0)
	c.reportsTo = optional(&c.Fields, "reportsTo", d.ReportsTo, 0)
	if email := optional(&c.Fields, "reportsToEmail", d.ReportsToEmail, 0); email != nil && c.reportsTo == nil {
		c.supervisorEmail = fold(*email)
	}
	c.head = d.IsDepartmentHead != nil && *d.IsDepartmentHead
	c.expert = d.IsExpert != nil && *d.IsExpert
	c.teams = c.checkIDs("addAdditionalTeams", d.AddAdditionalTeams)
	c.locations = c.checkIDs("addAdditionalLocations", d.AddAdditionalLocations)
	c.skills = checkSkills(&c.Fields, "skill", slices.Concat(d.Skill, d.Skills))
	c.checkChoices(d)
	if c.head && c.department == nil {
		c.Add("/isDepartmentHead", "user.headWithoutDepartment", "A head needs a department.")
	}
	return c
}

func (c *candidate) checkEmail(text string) string {
	email, ok := parseEmail(text)
	switch {
	case strings.TrimSpace(text) == "":
		c.Add("/email", "user.emailRequired", "An e-mail address is required.")
	case !ok:
		c.Add("/email", "user.emailInvalid", "This is not an e-mail address.")
	}
	return email
}

func (c *candidate) checkChoices(d Draft) {
	if v := optional(&c.Fields, "defaultVisibility", d.DefaultVisibility, 0); v != nil {
		c.visibility = oneOf(&c.Fields, "defaultVisibility", *v, []string{Public, Restricted})
	}
	if d.Password != nil {
		checkPassword(&c.Fields, *d.Password)
		c.status = Active
	}
	if v := optional(&c.Fields, "status", d.Status, 0); v != nil {
		c.status = oneOf(&c.Fields, "status", *v, statuses)
	}
}

func (c *candidate) checkIDs(name string, list []string) []string {
	if len(list) > maxRelations {
		c.Addf("/"+name, "user."+name+"TooMany", "At most %d are allowed.", maxRelations)
	}
	return distinct(list)
}

func checkPassword(f *fault.Fields, password string) {
	switch n := utf8.RuneCountInString(password); {
	case n < minPassword:
		f.Addf("/password", "user.passwordTooShort", "A password has at least %d characters.", minPassword)
	case n > maxPassword:
		f.Addf("/password", "user.passwordTooLong", "A password has at most %d characters.", maxPassword)
	}
}

// required cleans a text that must not be empty.
func required(f *fault.Fields, name, value string, limit int) string {
	if strings.TrimSpace(value) == "" {
		f.Add("/"+name, "user."+name+"Required", "A value is required.")
		return ""
	}
	if text := optional(f, name, &value, limit); text != nil {
		return *text
	}
	return ""
}

// optional trims a text and gives nil for none, and for one that cannot be stored. A
// limit of 0 is for references, which are looked up anyway.
func optional(f *fault.Fields, name string, value *string, limit int) *string {
	if value == nil {
		return nil
	}
	text := strings.TrimSpace(*value)
	switch {
	case text == "":
		return nil
	case limit > 0 && utf8.RuneCountInString(text) > limit:
		f.Addf("/"+name, "user."+name+"TooLong", "At most %d characters are allowed.", limit)
	case strings.ContainsFunc(text, isControl):
		f.Add("/"+name, "user."+name+"Invalid", "Control characters are not allowed.")
		return nil
	}
	return &text
}

// isControl reports control characters other than line breaks and tabs. NUL in
// particular cannot be stored by PostgreSQL.
func isControl(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' }

func oneOf(f *fault.Fields, name, value string, allowed []string) string {
	if !slices.Contains(allowed, value) {
		f.Addf("/"+name, "user."+name+"Unknown", "Allowed values: %s.", strings.Join(allowed, ", "))
	}
	return value
}

// checkSkills gives the stored form of a list of skills: a JSON array.
func checkSkills(f *fault.Fields, name string, list []string) string {
	skills := []string{}
	for _, s := range list {
		if s = strings.TrimSpace(s); s != "" && !slices.Contains(skills, s) {
			skills = append(skills, s)
		}
	}
	if len(skills) > maxSkills {
		f.Addf("/"+name, "user.skillTooMany", "At most %d skills are allowed.", maxSkills)
	}
	if slices.ContainsFunc(skills, func(s string) bool { return utf8.RuneCountInString(s) > maxSkill || strings.ContainsFunc(s, isControl) }) {
		f.Addf("/"+name, "user.skillInvalid", "A skill has at most %d characters, none of them a control character.", maxSkill)
	}
	text, _ := json.Marshal(skills) // a list of strings can always be encoded
	return string(text)
}

// parseEmail reads a bare address (RFC 5322 addr-spec, without quoting); "" when it is none.
func parseEmail(text string) (string, bool) {
	text = strings.TrimSpace(text)
	address, err := mail.ParseAddress(text)
	if err != nil || address.Address != text || len(text) > maxEmail || strings.ContainsFunc(text, unicode.IsSpace) {
		return "", false
	}
	if at := strings.LastIndexByte(text, '@'); at > maxLocalPart || strings.ContainsAny(text, `"<>(),;:\`) {
		return "", false
	}
	return text, true
}

// fold is the form in which texts are compared.
func fold(text string) string { return strings.ToLower(strings.TrimSpace(text)) }

func searchKey(first, last, email, userName string) string {
	return fold(first + " " + last + " " + email + " " + userName)
}

func sortKey(first, last string) string { return fold(last + " " + first) }

func searchWords(search string) []string {
	words := strings.Fields(fold(search))
	return words[:min(len(words), maxSearchWords)]
}

// colorOf derives a person's colour from their id: a hue of even saturation and
// lightness, so that white initials are readable on it.
func colorOf(id string) string {
	h := fnv.New32a()
	h.Write([]byte(id))
	return hslHex(float64(h.Sum32()%360), 0.5, 0.42)
}

func distinct(list []string) []string {
	var out []string
	for _, v := range list {
		if v = strings.TrimSpace(v); v != "" && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}
