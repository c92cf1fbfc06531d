package compat

// route is one accepted spelling. Path and To have {parameters}; one that To has and Path has
// not is taken from the query, or from the body's member of the same name.
type route struct {
	method, path string
	to           string    // canonical path
	toMethod     string    // "" = the same
	when         condition // nil = always
}

// routes are the accepted spellings beside the canonical ones, in the order of the reference.
// Where several rows fit, the first whose condition holds is taken.
var routes = []route{
	{method: "POST", path: "/api/users", to: "/api/users/add"},
	{method: "POST", path: "/api/users/bulk-delete", to: "/api/users/bulk-delete", toMethod: "DELETE"},
	{method: "POST", path: "/api/organizations", to: "/api/organization"},
	{method: "GET", path: "/api/organizations/{id}", to: "/api/organization/{id}"},
	{method: "PATCH", path: "/api/organizations/{id}", to: "/api/organization/{id}"},

	// Printed with the bare word id at the end.
	{method: "PATCH", path: "/api/posts/id", to: "/api/posts/{id}"},
	{method: "DELETE", path: "/api/posts/id", to: "/api/posts/{id}"},
	{method: "PATCH", path: "/api/news/id", to: "/api/news/{id}"},
	{method: "DELETE", path: "/api/news/id", to: "/api/news/{id}"},
	{method: "PATCH", path: "/api/tasks/update/id", to: "/api/tasks/update/{id}"},
	{method: "PATCH", path: "/api/tasks/assign/id", to: "/api/tasks/assign/{id}"},

	{method: "POST", path: "/api/events", to: "/api/events/meeting"},

	// Misspelt, or without the id.
	{method: "PATCH", path: "/api/documnents/{id}", to: "/api/documents/{id}"},
	{method: "PATCH", path: "/api/documnents", to: "/api/documents/{id}"},
	{method: "PATCH", path: "/api/documents", to: "/api/documents/{id}"},
	{method: "DELETE", path: "/api/documents", to: "/api/documents/{id}"},

	// One printed route for two listings.
	{method: "GET", path: "/api/categories", to: "/api/courses", when: all(lacksQuery("moduleCode"), hasQuery("filter", "sort_direction"))},

	// Printed as GET, but they send.
	{method: "GET", path: "/api/notifications/send", to: "/api/notifications/send", toMethod: "POST", when: hasBody()},
	{method: "POST", path: "/api/notifications", to: "/api/notifications/send"},
	{method: "GET", path: "/api/{conversationId}/messages", to: "/api/{conversationId}/messages", toMethod: "POST",
		when: hasBody("message", "fileId", "mention", "replyOfMsgId")},

	{method: "POST", path: "/api/tasks/assign", to: "/api/tasks"},
	{method: "PATCH", path: "/api/tasks/{id}", to: "/api/tasks/update/{id}"},

	{method: "DELETE", path: "/api/group-chats/{id}", to: "/api/group-chats"},
	{method: "POST", path: "/api/group-chats/{conversationId}/messages", to: "/api/{conversationId}/messages"},
	{method: "POST", path: "/api/group-chats", to: "/api/group-chats/{conversationId}/meetings",
		when: all(hasBody("startDateTime", "endDateTime"), lacksBody("groupType", "members"))},
	{method: "POST", path: "/api/{conversationId}/meetings", to: "/api/group-chats/{conversationId}/meetings"},
	{method: "POST", path: "/api/group-chats/{conversationId}", to: "/api/group-chats/{conversationId}/meetings",
		when: hasBody("startDateTime", "endDateTime")},

	// One printed route for two nouns: a department has members, a location has none.
	{method: "POST", path: "/api/departments", to: "/api/locations", when: all(hasBody("name"), lacksBody("members"))},
	{method: "PATCH", path: "/api/departments/{id}/admins", to: "/api/departments/{id}/admin"},
	{method: "PATCH", path: "/api/departments/{id}/members", to: "/api/departments/{id}/members", toMethod: "POST"},
	{method: "PATCH", path: "/api/locations/{id}/admins", to: "/api/locations/{id}/admin"},
	{method: "PATCH", path: "/api/locations/{id}/members", to: "/api/locations/{id}/members", toMethod: "POST"},

	// A stray closing brace, and hyphens for the one path with an underscore.
	{method: "POST", path: "/api/security_groups/{groupId}/members}", to: "/api/security_groups/{groupId}/members"},
	{method: "DELETE", path: "/api/security_groups/{groupId}/members}", to: "/api/security_groups/{groupId}/members"},
	{method: "GET", path: "/api/security-groups", to: "/api/security_groups"},
	{method: "POST", path: "/api/security-groups", to: "/api/security_groups"},
	{method: "GET", path: "/api/security-groups/{groupId}", to: "/api/security_groups/{groupId}"},
	{method: "PATCH", path: "/api/security-groups/{groupId}", to: "/api/security_groups/{groupId}"},
	{method: "DELETE", path: "/api/security-groups/{groupId}", to: "/api/security_groups/{groupId}"},
	{method: "GET", path: "/api/security-groups/{groupId}/members", to: "/api/security_groups/{groupId}/members"},
	{method: "POST", path: "/api/security-groups/{groupId}/members", to: "/api/security_groups/{groupId}/members"},
	{method: "DELETE", path: "/api/security-groups/{groupId}/members", to: "/api/security_groups/{groupId}/members"},

	{method: "POST", path: "/api/media", to: "/api/media", toMethod: "GET"},
}

// parameters are other spellings of query parameters.
var parameters = map[string]string{"curPage": "cur_page", "perPage": "per_page", "ids[]": "ids", "id[]": "id", "sortKey": "sort_key"}

// Fields are other spellings of body fields by operation id: alias -> name. The decoder of
// kernel/api applies them wherever the operation's schema has the name and not the alias.
var Fields = map[string]map[string]string{
	"createUser":              {"skills": "skill"},
	"updateUser":              {"skills": "skill"},
	"bulkCreateUsers":         {"skills": "skill", "users": "data"},
	"bulkDeleteUsers":         {"id": "ids", "userIds": "ids"},
	"createDepartment":        existingDept,
	"updateDepartmentHeads":   existingDept,
	"updateDepartmentMembers": existingDept,
	"createPost":              {"mentions": "mention", "text": "postText"},
	"updatePost":              {"mentions": "mention", "text": "postText"},
}

var existingDept = map[string]string{"existing Department": "existingDept", "existingDepartment": "existingDept"}
