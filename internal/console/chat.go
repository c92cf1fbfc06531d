package console

// chat is a conversation.
type chat struct {
	ID          string   `json:"id"`
	GroupID     string   `json:"groupId"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Type        string   `json:"type"`
	Color       string   `json:"color"`
	IsPrivate   bool     `json:"isPrivate"`
	ByRequest   bool     `json:"byRequest"`
	IsMember    bool     `json:"isMember"`
	IsAdmin     bool     `json:"isAdmin"`
	Requested   bool     `json:"requested"`
	Muted       bool     `json:"muted"`
	MemberCount int      `json:"memberCount"`
	Unread      int      `json:"newResponseCount"`
	People      []person `json:"participants"`
}
