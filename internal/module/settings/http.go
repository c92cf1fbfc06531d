package settings

import (
	"context"
	"net/http"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
)

type (
	empty           struct{}
	onboardingInput struct {
		api.IfMatch
		Body Onboarding
	}
	onboardingOutput struct {
		ETag string `header:"ETag" doc:"Version of the setting, for If-Match"`
		Body Onboarding
	}
	offboardingInput struct {
		api.IfMatch
		Body Offboarding
	}
	offboardingOutput struct {
		ETag string `header:"ETag" doc:"Version of the setting, for If-Match"`
		Body Offboarding
	}
)

const (
	onboardingExample = `{
  "organization": {"location": "e9659111-c52a-42c9-b6ed-42d0f5bdd29e", "defaultVisibility": "public"},
  "departments": {"1ae6eb71-dddf-48b7-945f-78127fd85801": {"reportsTo": "a0c3f96f-73c3-4c67-ba43-b94d640f2485", "skill": ["First aid"]}},
  "locations": {}
}`
	offboardingExample = `{
  "organization": {"assignee": "a0c3f96f-73c3-4c67-ba43-b94d640f2485"},
  "departments": {"1ae6eb71-dddf-48b7-945f-78127fd85801": {"assignee": "90a34cdd-cb83-49b5-9b54-fe1dd2d829ff"}},
  "locations": {}
}`
)

// Register adds the settings operations to the router.
func (s *Service) Register(r *api.Router) {
	read := authz.Rule{Capability: authz.SettingsManage, Scope: "settings:read"}
	write := authz.Rule{Capability: authz.SettingsManage, Scope: "settings:write"}
	write.BodyRefs = map[string]string{
		"department": "department", "location": "location", "securityGroup": "securityGroup", "reportsTo": "user",
		"addAdditionalTeams": "user", "addAdditionalLocations": "location", "assignee": "user",
	}
	api.Register(r, api.Operation{
		ID: "getOnboarding", Method: http.MethodGet, Path: "/api/settings/onboarding", Tag: "Settings", Summary: "Read the on-boarding defaults",
		Status: http.StatusOK, Authz: read, Example: api.Example{Response: onboardingExample},
	}, func(ctx context.Context, who authz.Actor, _ *empty) (*onboardingOutput, error) {
		return onboardingAnswer(s.Onboarding(ctx, who))
	})
	api.Register(r, api.Operation{
		ID: "setOnboarding", Method: http.MethodPut, Path: "/api/settings/onboarding", Tag: "Settings", Summary: "Replace the on-boarding defaults",
		Description: "What createUser with bulk=true fills in: the department's defaults go before the location's, those before the organization's.",
		Status:      http.StatusOK, Authz: write, Statuses: []int{http.StatusPreconditionFailed},
		Example: api.Example{Request: onboardingExample, Response: onboardingExample},
	}, func(ctx context.Context, who authz.Actor, in *onboardingInput) (*onboardingOutput, error) {
		return onboardingAnswer(s.SetOnboarding(ctx, who, in.IfMatch.IfMatch, in.Body))
	})
	api.Register(r, api.Operation{
		ID: "getOffboarding", Method: http.MethodGet, Path: "/api/settings/offboarding", Tag: "Settings", Summary: "Read the off-boarding assignees",
		Status: http.StatusOK, Authz: read, Example: api.Example{Response: offboardingExample},
	}, func(ctx context.Context, who authz.Actor, _ *empty) (*offboardingOutput, error) {
		return offboardingAnswer(s.Offboarding(ctx, who))
	})
	api.Register(r, api.Operation{
		ID: "setOffboarding", Method: http.MethodPut, Path: "/api/settings/offboarding", Tag: "Settings", Summary: "Replace the off-boarding assignees",
		Description: "Who takes over when deleteUser is called with bulk=true: the department's assignee goes before the location's, that one before the organization's.",
		Status:      http.StatusOK, Authz: write, Statuses: []int{http.StatusPreconditionFailed},
		Example: api.Example{Request: offboardingExample, Response: offboardingExample},
	}, func(ctx context.Context, who authz.Actor, in *offboardingInput) (*offboardingOutput, error) {
		return offboardingAnswer(s.SetOffboarding(ctx, who, in.IfMatch.IfMatch, in.Body))
	})
}

func onboardingAnswer(o Onboarding, version int64, err error) (*onboardingOutput, error) {
	return &onboardingOutput{ETag: api.ETag(version), Body: o}, err
}

func offboardingAnswer(o Offboarding, version int64, err error) (*offboardingOutput, error) {
	return &offboardingOutput{ETag: api.ETag(version), Body: o}, err
}
