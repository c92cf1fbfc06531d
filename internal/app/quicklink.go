package app

import (
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/egress"
	"github.com/workdrive/workdrive/internal/module/quicklink"
)

// quickLinks makes the service of tiles, which asks the services that tiles name.
func (a *App) quickLinks(contents *content.Content, files content.Files) *quicklink.Service {
	return quicklink.New(quicklink.Deps{
		DB: a.o.DB, Bus: a.bus, Jobs: a.jobs, Clock: a.o.Clock, Content: contents, Files: files, Keys: a.o.Keys, Log: a.o.Log,
		Client: egress.New(egress.Options{Version: a.o.Version, Allow: a.o.Server.EgressAllow}), Allow: a.o.Server.EgressAllow,
		URL: a.o.Server.Address(a.o.Server.Listen),
	})
}
