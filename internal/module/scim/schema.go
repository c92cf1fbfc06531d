package scim

// The documents by which a client finds out what the server can do (RFC 7643, sections 5 to 7).

func (s *Service) providerConfig() resource {
	no := resource{"supported": false}
	return resource{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"},
		"patch":   resource{"supported": true},
		"bulk":    resource{"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
		"filter":  resource{"supported": true, "maxResults": MaxResults}, "changePassword": no, "sort": no, "etag": resource{"supported": true},
		"authenticationSchemes": []resource{{
			"type": "oauthbearertoken", "name": "API key", "description": "An API key as a bearer token", "primary": true,
		}},
		"meta": resource{"resourceType": "ServiceProviderConfig", "location": s.URL + Path + "/ServiceProviderConfig"},
	}
}

func (s *Service) resourceTypes() []resource {
	kind := func(name, schema string) resource {
		return resource{
			"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:ResourceType"}, "id": name, "name": name, "endpoint": "/" + name + "s", "schema": schema,
			"meta": resource{"resourceType": "ResourceType", "location": s.URL + Path + "/ResourceTypes/" + name},
		}
	}
	user := kind("User", userSchema)
	user["schemaExtensions"] = []resource{{"schema": enterpriseSchema, "required": false}}
	return []resource{user, kind("Group", groupSchema)}
}

// attribute describes one attribute; changes are what is not as usual.
func attribute(name, kind, description string, changes ...any) resource {
	r := resource{
		"name": name, "type": kind, "description": description, "multiValued": false, "required": false,
		"mutability": "readWrite", "returned": "default", "uniqueness": "none",
	}
	if kind == "string" {
		r["caseExact"] = false
	}
	for i := 0; i+1 < len(changes); i += 2 {
		r[changes[i].(string)] = changes[i+1]
	}
	return r
}

func (s *Service) schemas() []resource {
	schema := func(id, name, description string, attributes ...resource) resource {
		return resource{
			"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Schema"}, "id": id, "name": name, "description": description, "attributes": attributes,
			"meta": resource{"resourceType": "Schema", "location": s.URL + Path + "/Schemas/" + id},
		}
	}
	value := attribute("value", "string", "The value")
	kind := attribute("type", "string", "work", "canonicalValues", []string{"work"})
	primary := attribute("primary", "boolean", "The one that is used")
	person := func(name string) resource {
		return attribute(name, "reference", "Address of the person", "referenceTypes", []string{"User"}, "mutability", "readOnly")
	}
	return []resource{
		schema(userSchema, "User", "A person",
			attribute("userName", "string", "What the provider calls the person", "required", true, "uniqueness", "server"),
			attribute("externalId", "string", "Id at the provider", "caseExact", true),
			attribute("name", "complex", "Names", "subAttributes", []resource{
				attribute("givenName", "string", "Given name"), attribute("familyName", "string", "Family name"),
				attribute("formatted", "string", "Both", "mutability", "readOnly"),
			}),
			attribute("displayName", "string", "Both names", "mutability", "readOnly"),
			attribute("title", "string", "Job title"),
			attribute("active", "boolean", "May sign in"),
			attribute("emails", "complex", "The e-mail address", "multiValued", true, "subAttributes", []resource{value, kind, primary}),
			attribute("phoneNumbers", "complex", "The phone number", "multiValued", true, "subAttributes", []resource{value, kind}),
			attribute("preferredLanguage", "string", "Language (BCP 47)"),
			attribute("timezone", "string", "IANA name of the time zone"),
		),
		schema(enterpriseSchema, "EnterpriseUser", "A person in a company",
			attribute("employeeNumber", "string", "Id in the personnel system", "uniqueness", "server"),
			attribute("department", "string", "Name of a department that is there"),
			attribute("manager", "complex", "The supervisor", "subAttributes", []resource{attribute("value", "string", "Id of the person"), person("$ref")}),
		),
		schema(groupSchema, "Group", "A security group",
			attribute("displayName", "string", "Name", "required", true, "uniqueness", "server"),
			attribute("externalId", "string", "Id at the provider", "caseExact", true),
			attribute("members", "complex", "The people in it; lists of groups leave them out", "multiValued", true, "subAttributes", []resource{
				attribute("value", "string", "Id of the person", "mutability", "immutable"), attribute("display", "string", "Name", "mutability", "readOnly"),
				attribute("type", "string", "User", "mutability", "immutable", "canonicalValues", []string{"User"}), person("$ref"),
			}),
		),
	}
}
