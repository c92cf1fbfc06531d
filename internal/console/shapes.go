package console

import (
	"strings"
	"unicode/utf8"
)

// The answers of the API, as far as pages show them.

type ref struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type file struct {
	ID        string `json:"id"`
	Mime      string `json:"mime"`
	Name      string `json:"name"`
	Size      int64  `json:"size"`
	URL       string `json:"url"`
	Thumbnail string `json:"thumbnail"`
	IsImage   bool   `json:"isImage"`
	IsVideo   bool   `json:"isVideo"`
}

// small is the address of a small picture of the file, or of the file while there is none.
func (f file) small() string {
	if f.Thumbnail != "" {
		return f.Thumbnail
	}
	return f.URL
}

type person struct {
	ID                     string   `json:"id"`
	FirstName              string   `json:"firstName"`
	LastName               string   `json:"lastName"`
	Email                  string   `json:"email"`
	Phone                  string   `json:"phone"`
	Bio                    string   `json:"bio"`
	Status                 string   `json:"status"`
	Color                  string   `json:"color"`
	Picture                *file    `json:"picture"`
	Cover                  *file    `json:"cover"`
	Designation            string   `json:"designation"`
	Department             string   `json:"department"`
	DepartmentData         *ref     `json:"departmentData"`
	IsDepartmentHead       bool     `json:"isDepartmentHead"`
	Location               *ref     `json:"location"`
	LocationID             string   `json:"locationId"`
	ReportsTo              string   `json:"reportsTo"`
	ReportsToObj           *person  `json:"reportsToObj"`
	Availability           int      `json:"availability"`
	AvailabilityStatusText string   `json:"availabilityStatusText"`
	Online                 bool     `json:"online"`
	SecurityGroups         []ref    `json:"securityGroups"`
	Skill                  []string `json:"skill"`
	DefaultVisibility      string   `json:"defaultVisibility"`
	ExternalUserID         string   `json:"externalUserId"`
	TeamMembers            []string `json:"teamMembers"`
	IsFollowing            bool     `json:"isFollowing"`
	IsAdmin                bool     `json:"isAdmin"` // of a group chat
	TimeZone               string   `json:"timeZone"`
	Language               string   `json:"language"`
}

func (p person) name() string { return strings.TrimSpace(p.FirstName + " " + p.LastName) }

// initials stand for a person without a picture.
func (p person) initials() string {
	var b strings.Builder
	for _, part := range []string{p.FirstName, p.LastName} {
		if r, size := utf8.DecodeRuneInString(part); size > 0 {
			b.WriteString(strings.ToUpper(string(r)))
		}
	}
	return b.String()
}

// colour is the person's own, or grey.
func (p person) colour() string {
	if len(p.Color) == 7 && p.Color[0] == '#' {
		return p.Color
	}
	return "#64748b"
}

type meta struct {
	PerPage      int    `json:"perPage"`
	TotalPages   int    `json:"totalPages"`
	TotalResults int    `json:"totalResults"`
	CurPage      int    `json:"curPage"`
	NextPage     int    `json:"nextPage"`
	NextCursor   string `json:"nextCursor"`
	OlderCursor  string `json:"olderCursor"`
	NewerCursor  string `json:"newerCursor"`
}

type people struct {
	Users []person `json:"users"`
	Meta  meta     `json:"meta"`
}

type reaction struct {
	Type  string `json:"type"`
	Count int    `json:"count"`
}

type linkPreview struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	Link        string `json:"link"`
}

// item is a post, or a piece of news.
type item struct {
	ID                      string        `json:"id"`
	User                    person        `json:"user"`
	PostedAt                string        `json:"postedAt"`
	Title                   string        `json:"newsTitle"`
	Text                    string        `json:"postText"`
	Category                string        `json:"category"`
	CommentsCount           int           `json:"commentsCount"`
	Reactions               []reaction    `json:"reactions"`
	MyReactions             []string      `json:"myReactions"`
	BookmarkID              string        `json:"bookmarkId"`
	Files                   []file        `json:"fileList"`
	LinkPreviews            []linkPreview `json:"linkPreviewList"`
	Links                   []string      `json:"links"`
	CoverImage              *file         `json:"coverImage"`
	Tags                    []string      `json:"tags"`
	Status                  string        `json:"status"`
	AcknowledgementRequired bool          `json:"acknowledgementRequired"`
	AcknowledgedAt          string        `json:"acknowledgedAt"`

	kind string // posts, news
}

type token struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Prefix     string   `json:"prefix"`
	Scopes     []string `json:"scopes"`
	CreatedAt  string   `json:"createdAt"`
	ExpiresAt  string   `json:"expiresAt"`
	LastUsedAt string   `json:"lastUsedAt"`
}

type comment struct {
	ID        string `json:"id"`
	Text      string `json:"text"`
	CreatedAt string `json:"createdAt"`
	User      person `json:"user"`
}

type doc struct {
	ID                      string     `json:"id"`
	Name                    string     `json:"name"`
	Category                string     `json:"category"`
	Status                  string     `json:"status"`
	UpdatedAt               string     `json:"updatedAt"`
	Expiry                  string     `json:"expiry"`
	File                    *file      `json:"file"`
	DocURL                  string     `json:"docUrl"`
	Link                    string     `json:"link"`
	Tags                    []string   `json:"tags"`
	Owners                  []person   `json:"owners"`
	User                    person     `json:"user"`
	Version                 int        `json:"version"`
	CommentsCount           int        `json:"commentsCount"`
	Reactions               []reaction `json:"reactions"`
	MyReactions             []string   `json:"myReactions"`
	BookmarkID              string     `json:"bookmarkId"`
	AcknowledgementRequired bool       `json:"acknowledgementRequired"`
	AcknowledgedAt          string     `json:"acknowledgedAt"`
}

// question is a row of the list of questions and answers.
type question struct {
	ID          string `json:"id"`
	KbID        string `json:"kbId"`
	Question    string `json:"question"`
	Answer      string `json:"answer"`
	Description string `json:"description"`
	Category    string `json:"category"`
}

type faq struct {
	ID            string     `json:"id"`
	User          person     `json:"user"`
	UpdatedAt     string     `json:"updatedAt"`
	CommentsCount int        `json:"commentsCount"`
	Reactions     []reaction `json:"reactions"`
	MyReactions   []string   `json:"myReactions"`
	BookmarkID    string     `json:"bookmarkId"`
	Kb            struct {
		Name     string `json:"name"`
		Category string `json:"category"`
	} `json:"kb"`
	Qas []question `json:"qas"`
}

type progress struct {
	State       string `json:"state"`
	DueDate     string `json:"dueDate"`
	StartedAt   string `json:"startedAt"`
	CompletedAt string `json:"completedAt"`
}

type task struct {
	ID          string    `json:"id"`
	Title       string    `json:"title"`
	Description string    `json:"description"`
	Content     string    `json:"content"`
	Kind        string    `json:"task_type"`
	Time        int       `json:"time"`
	Link        string    `json:"link"`
	QuizLink    string    `json:"quizLink"`
	DocumentID  string    `json:"documentId"`
	CourseRefID string    `json:"trainingCourseTaskListId"`
	CourseID    string    `json:"courseId"`
	Status      string    `json:"status"`
	Progress    *progress `json:"progress"`
}

type course struct {
	ID          string   `json:"id"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Categories  []string `json:"categories"`
	Tasks       int      `json:"numberOfTasks"`
	Progress    int      `json:"progress"`
	Sequential  bool     `json:"sequential"`
	DueDate     string   `json:"dueDate"`
	CompletedAt string   `json:"completedAt"`
	Status      string   `json:"status"`
}

type message struct {
	ID        string     `json:"id"`
	Seq       int        `json:"seq"`
	Text      string     `json:"message"`
	CreatedAt string     `json:"createdAt"`
	Sender    person     `json:"sender"`
	IsDeleted bool       `json:"isDeleted"`
	IsEdited  bool       `json:"isEdited"`
	Reactions []reaction `json:"reactions"`
	Files     struct {
		Files []file `json:"files"`
	} `json:"files"`
}

type category struct {
	ID         string `json:"id"`
	Name       string `json:"category"`
	Color      string `json:"color"`
	ModuleCode int    `json:"moduleCode"`
}

type found struct {
	Type    string  `json:"type"`
	ID      string  `json:"id"`
	Title   string  `json:"title"`
	Snippet string  `json:"snippet"`
	At      string  `json:"at"`
	User    *person `json:"user"`
}
