package user

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// The states of an account.
const (
	PreInvited = "PRE_INVITED" // known, not told yet
	Invited    = "INVITED"     // the invitation is out
	Active     = "ACTIVE"      // may sign in and use keys
	Blocked    = "BLOCKED"     // may not, for now
	Archive    = "ARCHIVE"     // former member; can be restored
)

var statuses = []string{Active, Archive, PreInvited, Invited, Blocked}

// The default audiences of a person's own items.
const (
	Public     = "public"     // the organization
	Restricted = "restricted" // the person's team
)

// Limits of what a person's fields hold. The length of texts is counted in characters.
const (
	maxName        = 100
	maxEmail       = 254 // RFC 5321, section 4.5.3.1.3, less the angle brackets
	maxLocalPart   = 64
	maxPhone       = 40
	maxDesignation = 200
	maxBio         = 2000
	maxStatusText  = 200
	maxExternalID  = 200
	maxZone        = 64
	maxLanguage    = 35 // RFC 5646, section 4.4.1
	maxSkills      = 100
	maxSkill       = 100
	maxRelations   = 100 // additional teams, additional locations
	minPassword    = 8
	maxPassword    = 128
	maxSearch      = 200
	maxSearchWords = 8

	// MaxBulk is how many rows or ids one bulk call takes.
	MaxBulk = 1000
	// TeamLimit bounds teamMembers.
	TeamLimit = 200
)

// User is a person as the people operations answer it.
type User struct {
	ID                     string            `json:"id" format:"uuid" doc:"Id"`
	CreatedAt              api.Time          `json:"createdAt" doc:"When the person was created"`
	UpdatedAt              api.Time          `json:"updatedAt" doc:"When the person was last changed"`
	CreatedBy              string            `json:"createdBy" doc:"Id of who created the person"`
	UpdatedBy              string            `json:"updatedBy" doc:"Id of who changed the person last"`
	OrgID                  string            `json:"orgId" doc:"Id of the organization"`
	UserName               string            `json:"userName" doc:"Unique name, derived from the e-mail at creation"`
	Email                  string            `json:"email" doc:"E-mail address"`
	Status                 string            `json:"status" enum:"ACTIVE,ARCHIVE,PRE_INVITED,INVITED,BLOCKED" doc:"State of the account"`
	FirstName              string            `json:"firstName" doc:"Given name"`
	LastName               string            `json:"lastName" doc:"Family name"`
	Picture                *person.File      `json:"picture" doc:"Profile picture, null when there is none"`
	Cover                  *person.File      `json:"cover" doc:"Cover picture, null when there is none"`
	Bio                    *string           `json:"bio" doc:"Short biography"`
	Phone                  *string           `json:"phone" doc:"Phone number"`
	ReportsTo              *string           `json:"reportsTo" doc:"Id of the supervisor"`
	ReportsToObj           *person.Card      `json:"reportsToObj" doc:"The supervisor"`
	Designation            *string           `json:"designation" doc:"Job title"`
	Department             *string           `json:"department" doc:"Id of the department"`
	DepartmentData         *person.NamedRef  `json:"departmentData" doc:"The department"`
	IsDepartmentHead       bool              `json:"isDepartmentHead" doc:"The person heads the department"`
	Color                  string            `json:"color" doc:"Background of the avatar, #RRGGBB"`
	IsExpert               bool              `json:"isExpert" doc:"The person is offered as an expert"`
	Online                 bool              `json:"online" doc:"A live connection within the last minute"`
	Availability           int64             `json:"availability" doc:"1 active, 2 away"`
	AvailabilityStatusText *string           `json:"availabilityStatusText" doc:"What the person says about being available"`
	Location               *person.NamedRef  `json:"location" doc:"The location"`
	LocationID             *string           `json:"locationId" doc:"Id of the location"`
	TeamMembers            []string          `json:"teamMembers" nullable:"false" doc:"Ids of the people who report to the person, at most 200"`
	Badges                 []Badge           `json:"badges" nullable:"false" doc:"Awards"`
	UserAdditionalTeams    []string          `json:"userAdditionalTeams" nullable:"false" doc:"Ids of the supervisors whose teams the person joined"`
	AddAdditionalLocations []string          `json:"addAdditionalLocations" nullable:"false" doc:"Ids of the locations whose administrators are further supervisors"`
	SecurityGroup          *string           `json:"securityGroup" doc:"Id of the person's most significant security group"`
	SecurityGroups         []person.NamedRef `json:"securityGroups" nullable:"false" doc:"Every security group of the person, the most significant first"`
	Skill                  []string          `json:"skill" nullable:"false" doc:"Skills"`
	DefaultVisibility      string            `json:"defaultVisibility" enum:"public,restricted" doc:"Audience of the person's items when they name none"`
	ExternalUserID         *string           `json:"externalUserId" doc:"Id of the person in another system"`
	TimeZone               *string           `json:"timeZone" doc:"IANA name of the person's time zone, such as Europe/Berlin; null is UTC"`
	Language               *string           `json:"language" doc:"The person's language (BCP 47), such as de; null is English"`
	IsFollowing            bool              `json:"isFollowing" doc:"The caller follows the person"`

	version            int64
	pictureID, coverID *string
}

// Pictures implements person.Pictured.
func (u *User) Pictures(show func(id string, at **person.File)) {
	if u.pictureID != nil {
		show(*u.pictureID, &u.Picture)
	}
	if u.coverID != nil {
		show(*u.coverID, &u.Cover)
	}
}

// Version is the person's version, for the ETag.
func (u User) Version() int64 { return u.version }

// Badge is an award shown on a person.
type Badge struct {
	ID            string `json:"id" doc:"Id"`
	Title         string `json:"title" doc:"Title"`
	Description   string `json:"description" doc:"What it is given for"`
	BadgeFileName string `json:"badgeFileName" doc:"File name of the picture"`
	OrgID         string `json:"orgId" doc:"Id of the organization"`
	Path          string `json:"path" doc:"Address of the picture"`
}

// Draft is a person to be created: the body of createUser and one row of
// bulkCreateUsers. A nil field was not sent.
type Draft struct {
	Email                  string      `json:"email" required:"true" maxLength:"254" doc:"E-mail address, unique in the organization whatever its case"`
	FirstName              string      `json:"firstName" required:"true" minLength:"1" maxLength:"100" doc:"Given name"`
	LastName               string      `json:"lastName" required:"true" minLength:"1" maxLength:"100" doc:"Family name"`
	Phone                  *string     `json:"phone,omitempty" nullable:"true" maxLength:"40" doc:"Phone number"`
	Bio                    *string     `json:"bio,omitempty" nullable:"true" maxLength:"2000" doc:"Short biography"`
	Designation            *string     `json:"designation,omitempty" nullable:"true" maxLength:"200" doc:"Job title"`
	IsDepartmentHead       *bool       `json:"isDepartmentHead,omitempty" nullable:"true" doc:"Make the person a head of the department"`
	IsExpert               *bool       `json:"isExpert,omitempty" nullable:"true" doc:"Offer the person as an expert"`
	Department             *string     `json:"department,omitempty" nullable:"true" maxLength:"200" doc:"Id of the department, or its name"`
	Location               *string     `json:"location,omitempty" nullable:"true" maxLength:"64" doc:"Id of the location"`
	SecurityGroup          *string     `json:"securityGroup,omitempty" nullable:"true" maxLength:"64" doc:"Id of a security group to join"`
	ReportsTo              *string     `json:"reportsTo,omitempty" nullable:"true" maxLength:"64" doc:"Id of the supervisor"`
	ReportsToEmail         *string     `json:"reportsToEmail,omitempty" nullable:"true" maxLength:"254" doc:"E-mail of the supervisor instead of the id; in a bulk file it may be another row"`
	Skill                  api.Strings `json:"skill,omitempty" nullable:"true" maxItems:"100" doc:"Skills, each at most 100 characters"`
	Skills                 api.Strings `json:"skills,omitempty" nullable:"true" maxItems:"100" doc:"Another spelling of skill"`
	DefaultVisibility      *string     `json:"defaultVisibility,omitempty" nullable:"true" enum:"public,restricted" doc:"Audience of the person's items when they name none"`
	AddAdditionalTeams     api.Strings `json:"addAdditionalTeams,omitempty" nullable:"true" maxItems:"100" doc:"Ids of supervisors whose teams the person also joins"`
	AddAdditionalLocations api.Strings `json:"addAdditionalLocations,omitempty" nullable:"true" maxItems:"100" doc:"Ids of locations whose administrators become further supervisors"`
	ExternalUserID         *string     `json:"externalUserId,omitempty" nullable:"true" maxLength:"200" doc:"Id of the person in another system, unique in the organization"`
	TimeZone               *string     `json:"timeZone,omitempty" nullable:"true" maxLength:"64" doc:"IANA name of the person's time zone, such as Europe/Berlin"`
	Language               *string     `json:"language,omitempty" nullable:"true" maxLength:"35" doc:"The person's language (BCP 47), such as de or pt-BR"`
	Status                 *string     `json:"status,omitempty" nullable:"true" enum:"ACTIVE,ARCHIVE,PRE_INVITED,INVITED,BLOCKED" doc:"State of the account; ACTIVE when a password is given, else PRE_INVITED"`
	Password               *string     `json:"password,omitempty" nullable:"true" minLength:"8" maxLength:"128" doc:"First password; not in a bulk file"`
}

// Change is the body of updateUser: an absent field is left alone, null clears it.
type Change struct {
	FirstName              api.Patch[string]       `json:"firstName,omitzero" minLength:"1" maxLength:"100" doc:"Given name"`
	LastName               api.Patch[string]       `json:"lastName,omitzero" minLength:"1" maxLength:"100" doc:"Family name"`
	Email                  api.Patch[string]       `json:"email,omitzero" maxLength:"254" doc:"E-mail address (administrators)"`
	Phone                  api.Patch[string]       `json:"phone,omitzero" maxLength:"40" doc:"Phone number"`
	Bio                    api.Patch[string]       `json:"bio,omitzero" maxLength:"2000" doc:"Short biography"`
	Availability           api.Patch[Availability] `json:"availability,omitzero" doc:"ACTIVE or 1, AWAY or 2"`
	AvailabilityStatusText api.Patch[string]       `json:"availabilityStatusText,omitzero" maxLength:"200" doc:"What the person says about being available"`
	FileID                 api.Patch[string]       `json:"fileId,omitzero" maxLength:"36" doc:"Id of the profile picture: a picture that you have uploaded; null for none"`
	CoverFileID            api.Patch[string]       `json:"coverFileId,omitzero" maxLength:"36" doc:"Id of the cover: a picture that you have uploaded; null for none"`
	Skill                  api.Patch[api.Strings]  `json:"skill,omitzero" doc:"Skills, replacing the earlier ones"`
	Skills                 api.Patch[api.Strings]  `json:"skills,omitzero" doc:"Another spelling of skill"`
	DefaultVisibility      api.Patch[string]       `json:"defaultVisibility,omitzero" doc:"public or restricted"`
	TimeZone               api.Patch[string]       `json:"timeZone,omitzero" maxLength:"64" doc:"IANA name of the person's time zone, such as Europe/Berlin; null is UTC"`
	Language               api.Patch[string]       `json:"language,omitzero" maxLength:"35" doc:"The person's language (BCP 47), such as de; null is English"`
	Status                 api.Patch[string]       `json:"status,omitzero" doc:"ACTIVE, ARCHIVE, PRE_INVITED, INVITED or BLOCKED (administrators)"`
	IsExpert               api.Patch[bool]         `json:"isExpert,omitzero" doc:"Offer the person as an expert (administrators)"`
	ReportsTo              api.Patch[string]       `json:"reportsTo,omitzero" doc:"Id of the supervisor (administrators)"`
	Designation            api.Patch[string]       `json:"designation,omitzero" maxLength:"200" doc:"Job title (administrators)"`
	IsDepartmentHead       api.Patch[bool]         `json:"isDepartmentHead,omitzero" doc:"The person heads the department (administrators)"`
	Department             api.Patch[string]       `json:"department,omitzero" doc:"Id of the department, or its name (administrators)"`
	Location               api.Patch[string]       `json:"location,omitzero" doc:"Id of the location (administrators)"`
	SecurityGroup          api.Patch[string]       `json:"securityGroup,omitzero" doc:"Id of a security group to join (administrators)"`
	ExternalUserID         api.Patch[string]       `json:"externalUserId,omitzero" maxLength:"200" doc:"Id of the person in another system (administrators)"`
	AddAdditionalTeams     api.Strings             `json:"addAdditionalTeams,omitempty" nullable:"true" maxItems:"100" doc:"Ids of supervisors whose teams the person joins (administrators)"`
	RemoveAdditionalTeams  api.Strings             `json:"removeAdditionalTeams,omitempty" nullable:"true" maxItems:"100" doc:"Ids of supervisors whose teams the person leaves (administrators)"`
	AddAdditionalLocations api.Strings             `json:"addAdditionalLocations,omitempty" nullable:"true" maxItems:"100" doc:"Ids of locations whose administrators become further supervisors (administrators)"`
	RemoveAdditionalLocs   api.Strings             `json:"removeAdditionalLocations,omitempty" nullable:"true" maxItems:"100" doc:"Ids of locations that stop being additional ones (administrators)"`

	unusable map[string]fault.Field // what is wrong with the files it names
}

// Filter selects people; zero fields select nothing away, except that a Status of ""
// leaves former members out.
type Filter struct {
	Location, Department, Search, Email, ExternalUserID string
	Status, SecurityGroup, ReportsTo                    string
}

// NewPerson is a person created by the program itself, with an organization.
type NewPerson struct {
	ID                  string // made when empty
	Email               string
	FirstName, LastName string
	Status              string
	PasswordHash        string   // argon2id, empty for none
	GroupIDs            []string // security groups to join, Members included
}

// The values of Availability.
const (
	available Availability = 1
	away      Availability = 2
)

// Availability is 1 (active) or 2 (away). It reads the names ACTIVE and AWAY as well as
// the numbers; anything else reads as 0, which validation refuses.
type Availability int64

// UnmarshalJSON reads a name or a number.
func (a *Availability) UnmarshalJSON(data []byte) error {
	text := string(data)
	if data[0] == '"' {
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
	}
	switch strings.ToUpper(text) {
	case "ACTIVE":
		*a = available
	case "AWAY":
		*a = away
	default:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			n = 0
		}
		*a = Availability(n)
	}
	return nil
}

// Schema says that a name or a number is read.
func (Availability) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{AnyOf: []*huma.Schema{{Type: huma.TypeString}, {Type: huma.TypeInteger}}}
	for _, x := range s.AnyOf {
		x.PrecomputeMessages()
	}
	s.PrecomputeMessages()
	return s
}
