// Package settings is what an organization decides once: what new people get
// (on-boarding) and who takes over from people who leave (off-boarding).
//
// Only settings:manage reads and writes settings. A setting is one JSON document that is
// replaced whole; before the first PUT it reads as an empty one of version 0.
//
// On-boarding holds partial bodies of createUser: one for the organization, and one for
// each department and each location that needs others. Creating a person with bulk=true
// takes every field the request leaves out from the department's, else the location's,
// else the organization's:
//
//	{"organization": {"securityGroup": "…", "defaultVisibility": "public"},
//	 "departments":  {"<department id>": {"reportsTo": "…", "designation": "Nurse"}},
//	 "locations":    {"<location id>": {"addAdditionalLocations": ["…"]}}}
//
// Off-boarding names the assignee who takes over, in the same order:
//
//	{"organization": {"assignee": "<user id>"},
//	 "departments":  {"<department id>": {"assignee": "<user id>"}},
//	 "locations":    {}}
//
// Every id must exist when it is written. What disappears later is ignored when a setting
// is used, so that nobody has to clean settings up before deleting something. Nobody sets
// a default security group that holds capabilities they lack.
//
// Owns the table settings; reads users, departments, locations and security_groups.
// Publishes settings.updated, whose subject is the name of the setting. It applies
// nothing: module user does, through Value.
package settings
