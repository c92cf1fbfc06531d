// Package person is the short form of a person that nearly every answer embeds:
// author cards, mentions, department heads, reactors (UserSummary in the reference).
//
// It reads the directory tables (users, departments) and writes nothing. Every card
// shows the same superset of fields wherever it stands. Columns and Join let a list
// fetch its cards in its own statement; ByIDs fetches the cards of a whole page in
// one more.
package person

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

// Card is a person as embedded in other objects.
type Card struct {
	ID                     string    `json:"id" doc:"Id of the person" format:"uuid"`
	FirstName              string    `json:"firstName" doc:"Given name"`
	LastName               string    `json:"lastName" doc:"Family name"`
	Picture                *File     `json:"picture" doc:"Profile picture, null when there is none"`
	Cover                  *File     `json:"cover" doc:"Cover picture, null when there is none"`
	Color                  string    `json:"color" doc:"Background of the avatar, #RRGGBB"`
	Online                 bool      `json:"online" doc:"A live connection within the last minute"`
	Availability           int       `json:"availability" doc:"1 active, 2 away"`
	Designation            *string   `json:"designation" doc:"Job title"`
	Department             *string   `json:"department" doc:"Id of the department"`
	DepartmentData         *NamedRef `json:"departmentData" doc:"The department, null when there is none"`
	LocationID             *string   `json:"locationId" doc:"Id of the location"`
	AvailabilityStatusText *string   `json:"availabilityStatusText" doc:"What the person says about being available"`
	Phone                  *string   `json:"phone" doc:"Phone number"`
	Email                  string    `json:"email" doc:"E-mail address"`
	Status                 string    `json:"status" doc:"State of the account: ACTIVE, ARCHIVE (former member), PRE_INVITED, INVITED or BLOCKED"`
	ExternalUserID         *string   `json:"externalUserId" doc:"Id of the person in another system"`

	departmentName *string
}

// NamedRef is an object named by its id.
type NamedRef struct {
	ID   string `json:"id" doc:"Id"`
	Name string `json:"name" doc:"Name"`
}

// File is an uploaded file. Fields that do not apply are null or empty.
type File struct {
	ID         string   `json:"id" doc:"Id of the file"`
	Mime       string   `json:"mime" doc:"Media type, sniffed from the bytes"`
	Path       string   `json:"path" doc:"Path in the store"`
	Name       string   `json:"name" doc:"File name"`
	Processing *string  `json:"processing" doc:"PENDING until the bytes have arrived, REFUSED when they cannot be kept, PROCESSING while something is made of them, SKIPPED while a film cannot be processed here, FAILED when it cannot be at all; null when done"`
	Metadata   *Details `json:"metadata" doc:"What is known of the content, or null"`
	Size       int64    `json:"size" doc:"Bytes"`
	URL        string   `json:"url" doc:"Short-lived address of the content"`
	CDN        *string  `json:"cdn" doc:"Address at a content delivery network"`
	Bucket     *string  `json:"bucket" doc:"Bucket of the store"`
	MP4URLs    []string `json:"mp4Urls" doc:"MP4 renditions of a video"`
	HLSURL     *string  `json:"hlsUrl" doc:"HLS playlist of a video"`
	DashURL    *string  `json:"dashUrl" doc:"DASH manifest of a video"`
	Thumbnail  *string  `json:"thumbnail" doc:"Address of a small picture"`
	IsImage    bool     `json:"isImage" doc:"The file is a picture"`
	IsVideo    bool     `json:"isVideo" doc:"The file is a video"`
	IsDoc      bool     `json:"isDoc" doc:"The file is a document"`
	CreatedAt  api.Time `json:"createdAt" doc:"When it was uploaded"`
	Owner      *Card    `json:"owner" doc:"Who uploaded it"`
}

// Details are what is known of the content of a file.
type Details struct {
	Reason   *string  `json:"reason" doc:"Why the file was refused, or nothing was made of it"`
	Width    *int     `json:"width" doc:"Of a picture or film: pixels across"`
	Height   *int     `json:"height" doc:"Of a picture or film: pixels down"`
	Duration *float64 `json:"duration" doc:"Of a film: seconds"`
}

// Columns are what Targets scans, of users u and departments ud.
const Columns = `u.id, u.first_name, u.last_name, u.color, u.availability, u.designation, u.department_id, ` +
	`ud.name, u.location_id, u.availability_text, u.phone, u.email, u.status, u.external_user_id, ` + Online

// Online is whether a person of users u has a live connection: module stream keeps a row for as
// long, so that this is one look at a key and no matter of the time.
const Online = `EXISTS (SELECT 1 FROM presence pr WHERE pr.org_id = u.org_id AND pr.user_id = u.id)`

// Join adds the department to a statement that has users u.
const Join = ` LEFT JOIN departments ud ON ud.org_id = u.org_id AND ud.id = u.department_id `

// Targets are the scan targets for Columns. Finish must follow the scan.
func (c *Card) Targets() []any {
	return []any{
		&c.ID, &c.FirstName, &c.LastName, &c.Color, &c.Availability, &c.Designation, &c.Department,
		&c.departmentName, &c.LocationID, &c.AvailabilityStatusText, &c.Phone, &c.Email, &c.Status, &c.ExternalUserID, &c.Online,
	}
}

// Finish derives what is not a column.
func (c *Card) Finish() {
	if c.Department != nil && c.departmentName != nil {
		c.DepartmentData = &NamedRef{ID: *c.Department, Name: *c.departmentName}
	}
}

// ByIDs reads the cards of people by id in one statement; ids that are not people of
// the organization are absent from the result.
func ByIDs(ctx context.Context, q db.Queryer, orgID string, ids []string) (map[string]Card, error) {
	cards := make(map[string]Card, len(ids))
	if len(ids) == 0 {
		return cards, nil
	}
	rows, err := q.Query(ctx, `SELECT `+Columns+` FROM users u`+Join+`WHERE u.org_id = ? AND u.id {in}`, orgID, db.List(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var c Card
		if err := rows.Scan(c.Targets()...); err != nil {
			return nil, err
		}
		c.Finish()
		cards[c.ID] = c
	}
	return cards, rows.Err()
}

// Pick gives the cards of ids in their order, without those that are not known.
func Pick(cards map[string]Card, ids []string) []Card {
	list := make([]Card, 0, len(ids))
	for _, id := range ids {
		if c, ok := cards[id]; ok {
			list = append(list, c)
		}
	}
	return list
}

// Missing gives those of ids that are not people of the organization. Former members
// do not count as people: nobody can mention, tag or address them any more.
func Missing(ctx context.Context, q db.Queryer, orgID string, ids []string) ([]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := q.Query(ctx, `SELECT id FROM users WHERE org_id = ? AND status <> 'ARCHIVE' AND id {in}`, orgID, db.List(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	known := make(map[string]bool, len(ids))
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		known[id] = true
	}
	var missing []string
	for _, id := range ids {
		if !known[id] {
			missing = append(missing, id)
		}
	}
	return missing, rows.Err()
}
