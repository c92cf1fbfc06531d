package user

import "github.com/workdrive/workdrive/internal/kernel/api"

// Examples of the operations that the reference does not print.
var (
	userExample       = api.Example{Response: exampleUser}
	cardsExample      = api.Example{Response: `{"users": [` + exampleCard + `], "meta": {"perPage": 10, "totalPages": 1, "totalResults": 1, "curPage": 1, "nextPage": 0}}`}
	followExample     = api.Example{Response: `{"userId": "90a34cdd-cb83-49b5-9b54-fe1dd2d829ff", "isFollowing": true, "isFriend": false}`}
	bulkDeleteExample = api.Example{
		Request:  `{"ids": ["90a34cdd-cb83-49b5-9b54-fe1dd2d829ff", "3fa85f64-5717-4562-b3fc-2c963f66afa6"]}`,
		Response: `{"deleted": ["90a34cdd-cb83-49b5-9b54-fe1dd2d829ff"], "notFound": ["3fa85f64-5717-4562-b3fc-2c963f66afa6"]}`,
	}
)

const (
	exampleCard = `{
  "id": "a0c3f96f-73c3-4c67-ba43-b94d640f2485", "firstName": "Mary", "lastName": "Jones", "picture": null, "cover": null,
  "color": "#36A185", "online": false, "availability": 1, "designation": "Head of Development",
  "department": "1ae6eb71-dddf-48b7-945f-78127fd85801",
  "departmentData": {"id": "1ae6eb71-dddf-48b7-945f-78127fd85801", "name": "Development"},
  "locationId": "e9659111-c52a-42c9-b6ed-42d0f5bdd29e", "availabilityStatusText": null, "phone": null,
  "email": "mary@example.com", "status": "ACTIVE", "externalUserId": null
}`
	exampleUser = `{
  "id": "90a34cdd-cb83-49b5-9b54-fe1dd2d829ff", "createdAt": "2022-12-21T10:57:54.722Z", "updatedAt": "2022-12-21T11:44:08.324Z",
  "createdBy": "a0c3f96f-73c3-4c67-ba43-b94d640f2485", "updatedBy": "a0c3f96f-73c3-4c67-ba43-b94d640f2485",
  "orgId": "0b0a3f52-6c3e-4c55-a0a4-8ad0f0d0b7a4", "userName": "john", "email": "john@example.com", "status": "ACTIVE",
  "firstName": "John", "lastName": "Smith", "picture": null, "cover": null, "bio": null, "phone": "+13756366604",
  "reportsTo": "a0c3f96f-73c3-4c67-ba43-b94d640f2485", "reportsToObj": ` + exampleCard + `,
  "designation": "Web Developer", "department": "1ae6eb71-dddf-48b7-945f-78127fd85801",
  "departmentData": {"id": "1ae6eb71-dddf-48b7-945f-78127fd85801", "name": "Development"},
  "isDepartmentHead": false, "color": "#A13677", "isExpert": false, "online": false, "availability": 1,
  "availabilityStatusText": null, "location": {"id": "e9659111-c52a-42c9-b6ed-42d0f5bdd29e", "name": "Berlin"},
  "locationId": "e9659111-c52a-42c9-b6ed-42d0f5bdd29e", "teamMembers": [], "badges": [], "userAdditionalTeams": [],
  "addAdditionalLocations": [], "securityGroup": "6f9d3f0e-7d53-4f3c-9a0e-0e6b8a1f5d11",
  "securityGroups": [{"id": "6f9d3f0e-7d53-4f3c-9a0e-0e6b8a1f5d11", "name": "Members"}], "skill": ["Go"],
  "defaultVisibility": "public", "externalUserId": null, "timeZone": "Europe/Berlin", "language": "de", "isFollowing": false
}`
)
