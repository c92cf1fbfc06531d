package compat

// row is one accepted spelling. Its paths have {parameters}; one that to has and path has not
// is taken from the query, or from the member of the body of the same name.
type row struct {
	method, path string
	to           string    // canonical path
	toMethod     string    // "" = the same
	when         condition // nil = always
}

// segments are other spellings of the first segment behind /api/: of everything below it, too.
var segments = map[string]string{
	"organizations":         "organization",
	"security-groups":       "security_groups", // the one printed path with an underscore
	"securityGroups":        "security_groups",
	"group_chats":           "group-chats",
	"enforcement_templates": "enforcement-templates",
	"module_codes":          "module-codes",
	"documnents":            "documents", // printed
	"ssos":                  "sso",
}

// canonicals are canonical routes whose first segment is another spelling elsewhere: the list
// of one's own and child organizations has the plural, which is an alias of the singular below.
var canonicals = map[string]bool{"GET /api/organizations": true, "HEAD /api/organizations": true}

// rows are the accepted spellings beside the canonical ones, in the order of the reference.
// Where several rows fit, the first whose condition holds is taken.
var rows = []row{
	{method: "POST", path: "/api/users", to: "/api/users/add"},
	{method: "POST", path: "/api/users/bulk-delete", to: "/api/users/bulk-delete", toMethod: "DELETE"},
	{method: "POST", path: "/api/tokens/generate-access", to: "/api/token/generate-access"},

	// Printed with the bare word id at the end.
	{method: "PATCH", path: "/api/posts/id", to: "/api/posts/{id}"},
	{method: "DELETE", path: "/api/posts/id", to: "/api/posts/{id}"},
	{method: "PATCH", path: "/api/news/id", to: "/api/news/{id}"},
	{method: "DELETE", path: "/api/news/id", to: "/api/news/{id}"},
	{method: "PATCH", path: "/api/tasks/update/id", to: "/api/tasks/update/{id}"},
	{method: "PATCH", path: "/api/tasks/assign/id", to: "/api/tasks/assign/{id}"},

	// Named after one of the things it creates.
	{method: "POST", path: "/api/events", to: "/api/events/meeting"},

	// Printed without the id. Nothing is ever deleted for want of one.
	{method: "PATCH", path: "/api/documents", to: "/api/documents/{id}"},
	{method: "DELETE", path: "/api/documents", to: "/api/documents/{id}"},

	// One printed route for two listings.
	{method: "GET", path: "/api/categories", to: "/api/courses", when: all(queryLacks("moduleCode"), queryHas("filter", "sort_direction"))},

	// Printed as GET, but they send.
	{method: "GET", path: "/api/notifications/send", to: "/api/notifications/send", toMethod: "POST"}, // without a body it is told what is missing
	{method: "POST", path: "/api/notifications", to: "/api/notifications/send"},
	{
		method: "GET", path: "/api/{conversationId}/messages", to: "/api/{conversationId}/messages", toMethod: "POST",
		when: bodyHas("message", "fileId", "fileIds", "mention", "replyOfMsgId"),
	},

	// createTask and createAndAssignTask are one route: people make the difference.
	{method: "POST", path: "/api/tasks/assign", to: "/api/tasks"},
	{method: "PATCH", path: "/api/tasks/{id}", to: "/api/tasks/update/{id}"},

	// One printed route for a group and for a meeting: a group has no beginning or end. A
	// meeting that names no conversation is one for its people alone.
	{method: "DELETE", path: "/api/group-chats/{id}", to: "/api/group-chats"},
	{method: "POST", path: "/api/group-chats/{conversationId}/messages", to: "/api/{conversationId}/messages"},
	{method: "GET", path: "/api/group-chats/{conversationId}/messages", to: "/api/{conversationId}/messages", toMethod: "POST", when: bodyHas("message", "fileId", "fileIds", "mention", "replyOfMsgId")},
	{method: "GET", path: "/api/group-chats/{conversationId}/messages", to: "/api/{conversationId}/messages"},
	{method: "POST", path: "/api/group-chats", to: "/api/group-chats/{conversationId}/meetings", when: all(isMeeting, anyHas("conversationId"))},
	{method: "POST", path: "/api/group-chats", to: "/api/meetings", when: isMeeting},
	{method: "POST", path: "/api/{conversationId}/meetings", to: "/api/group-chats/{conversationId}/meetings"},
	{method: "POST", path: "/api/group-chats/{conversationId}", to: "/api/group-chats/{conversationId}/meetings", when: bodyHas("startDateTime", "endDateTime")},

	// One printed route for two nouns: a department has members, a location has none.
	{method: "POST", path: "/api/departments", to: "/api/locations", when: all(bodyHas("name"), bodyLacks("members"))},

	// Updates printed as POST, and one role under two names.
	{method: "PATCH", path: "/api/departments/{id}/admins", to: "/api/departments/{id}/admin"},
	{method: "PATCH", path: "/api/departments/{id}/members", to: "/api/departments/{id}/members", toMethod: "POST"},
	{method: "PATCH", path: "/api/locations/{id}/admins", to: "/api/locations/{id}/admin"},
	{method: "PATCH", path: "/api/locations/{id}/members", to: "/api/locations/{id}/members", toMethod: "POST"},

	// Printed with a stray closing brace.
	{method: "POST", path: "/api/security_groups/{groupId}/members}", to: "/api/security_groups/{groupId}/members"},
	{method: "DELETE", path: "/api/security_groups/{groupId}/members}", to: "/api/security_groups/{groupId}/members"},

	// A GET that makes something; a POST may ask for it, too.
	{method: "POST", path: "/api/media", to: "/api/media", toMethod: "GET"},
}

var isMeeting = all(bodyHas("startDateTime", "endDateTime"), bodyLacks("groupType", "members"))

// parameters are other spellings of query parameters.
var parameters = map[string]string{"curPage": "cur_page", "perPage": "per_page", "ids[]": "ids", "id[]": "id", "sortKey": "sort_key", "sortDirection": "sort_direction"}

// Fields are other spellings of body fields by operation id: alias -> name. The decoder of
// kernel/api applies them wherever the operation's schema has the name and not the alias.
var Fields = map[string]map[string]string{
	"createUser":              {"skills": "skill"},
	"updateUser":              {"skills": "skill"},
	"bulkCreateUsers":         {"skills": "skill", "users": "data"},
	"bulkDeleteUsers":         {"id": "ids", "userIds": "ids"},
	"createPost":              posts,
	"updatePost":              posts,
	"createNews":              posts,
	"updateNews":              posts,
	"createEvent":             events,
	"updateEvent":             events,
	"createDocument":          documents,
	"updateDocument":          documents,
	"createFaq":               {"newOwnerIds": "ownerIds"},
	"updateFaq":               {"updatedQas": "updatedQAs", "newQAs": "newQas"},
	"sendNotification":        {"recieverUserIds": "receiverUserIds"},
	"createTask":              tasks,
	"createAndAssignTask":     tasks,
	"updateTask":              tasks,
	"sendMessage":             {"fileIds": "fileId"},
	"createDepartment":        existingDept,
	"updateDepartmentHeads":   existingDept,
	"updateDepartmentMembers": existingDept,
}

var (
	posts        = map[string]string{"mentions": "mention", "text": "postText"}
	events       = map[string]string{"endtDateTime": "endDateTime", "videoPreviews": "videoPreviewIds"}
	documents    = map[string]string{"docURL": "docUrl"}
	tasks        = map[string]string{"taskType": "task_type"}
	existingDept = map[string]string{"existing Department": "existingDept", "existingDepartment": "existingDept"}
)
