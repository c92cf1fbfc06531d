package media

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

var object = &authz.Object{Param: "id", Type: noun}

// Register mounts the operations on files.
func (s *Service) Register(r *api.Router) {
	r.Gate(noun, s.gate)
	api.Register(r, api.Operation{
		ID: "requestMediaUpload", Method: http.MethodGet, Path: "/api/media", Tag: "Media", Summary: "Ask for an upload",
		Description: "Makes a file and answers where to send its bytes: POST all fields of `signedRequest.fields` to `signedRequest.url` as multipart/form-data, " +
			"followed by the file in a field named file, within an hour. POST with the same names, in the query or a JSON body, does the same.\n\n" +
			"Types: " + allowed() + ".\n\nPictures may have 32 MiB, text 16 MiB, documents 128 MiB, sound 256 MiB, archives 512 MiB and films 4 GiB.",
		Authz: authz.Rule{Scope: "media:write"}, Statuses: []int{http.StatusInsufficientStorage},
	}, s.request)
	api.Register(r, api.Operation{
		ID: "getMedia", Method: http.MethodGet, Path: "/api/media/{id}", Tag: "Media", Summary: "Read about a file",
		Description: "`processing` is PENDING until the bytes have arrived, REFUSED when they cannot be kept (`metadata.reason`), PROCESSING while a thumbnail and what plays a film is made or words are taken out of them, then null; " +
			"SKIPPED for a film until the server has ffmpeg, FAILED for one that it cannot read (`metadata.reason`). A film can be saved all the same.",
		Authz: authz.Rule{Scope: "media:read", Object: object, Restricted: true}, Example: api.Example{Response: sample},
	}, s.get)
	api.RegisterFile(r, api.Operation{
		ID: "getMediaContent", Method: http.MethodGet, Path: "/api/media/{id}/content", Tag: "Media", Summary: "Read the bytes of a file",
		Description: "With a key, or at the signed address in `url`, which is good for five minutes. Pictures, mp4, webm, sound and plain text have their type; " +
			"everything else is to be saved. 409 until the bytes have arrived and when they were refused.",
		Authz: authz.Rule{Scope: "media:read", Signed: true, Object: object, Restricted: true}, Statuses: []int{http.StatusConflict}, Timeout: time.Hour,
	}, s.bytes(original))
	api.RegisterFile(r, api.Operation{
		ID: "getMediaThumbnail", Method: http.MethodGet, Path: "/api/media/{id}/thumbnail", Tag: "Media", Summary: "Read a small picture of a file",
		Description: "With a key, or at the signed address in `thumbnail`, which is good for five minutes. 409 while there is none.",
		Authz:       authz.Rule{Scope: "media:read", Signed: true, Object: object, Restricted: true}, Statuses: []int{http.StatusConflict},
	}, s.bytes(thumbnail))
	api.RegisterFile(r, api.Operation{
		ID: "getMediaFilm", Method: http.MethodGet, Path: "/api/media/{id}/film/{name}", Tag: "Media", Summary: "Read what a film is played from",
		Description: "With a key, or at the signed addresses in `mp4Urls` and `hlsUrl`, which are good for six hours. A playlist read at a signed address names its parts so, too. 409 while there is nothing to play.",
		Authz:       authz.Rule{Scope: "media:read", Signed: true, Object: object, Restricted: true}, Statuses: []int{http.StatusConflict}, Timeout: time.Hour,
	}, s.film)
	api.Register(r, api.Operation{
		ID: "deleteMedia", Method: http.MethodDelete, Path: "/api/media/{id}", Tag: "Media", Summary: "Delete a file of yours that no item uses",
		Status: http.StatusNoContent, Authz: authz.Rule{Scope: "media:write", Object: object}, Statuses: []int{http.StatusConflict},
	}, s.delete)
}

const sample = `{"id":"fdca3aa5-363c-4400-b158-bd59aa168f19","mime":"image/png","path":"org/172fa58d-7933-45a6-a905-b06770f2224c/` +
	`fdca3aa5-363c-4400-b158-bd59aa168f19/original","name":"team.png","processing":null,"metadata":null,"size":48718,` +
	`"url":"https://workdrive.example/api/media/fdca3aa5-363c-4400-b158-bd59aa168f19/content?org=172fa58d-7933-45a6-a905-b06770f2224c&expires=1796000000&signature=c2lnbmF0dXJl",` +
	`"cdn":null,"bucket":"workdrive","mp4Urls":[],"hlsUrl":null,"dashUrl":null,"thumbnail":null,"isImage":true,"isVideo":false,"isDoc":false,` +
	`"createdAt":"2026-12-16T06:46:21.283Z","owner":null}`

type (
	requestInput struct {
		Mime       string `query:"mime" required:"true" maxLength:"255" doc:"Media type of the file, one of those above"`
		Name       string `query:"name" required:"true" maxLength:"4096" doc:"File name; folders and characters that cannot be seen or stored are taken away, and what is over 255 bytes"`
		ModuleCode int    `query:"moduleCode" required:"true" minimum:"1" maximum:"14" doc:"Number of the module the file is for, see GET /api/module-codes"`
	}
	requestOutput struct{ Body Slot }
	idInput       struct {
		ID string `path:"id" doc:"Id of the file"`
	}
	getOutput struct{ Body person.File }
	filmInput struct {
		ContentInput
		Name string `path:"name" pattern:"^(film\\.mp4|master\\.m3u8|v[0-9]\\.m3u8|v[0-9]_[0-9]{5}\\.ts)$" doc:"film.mp4, master.m3u8, or a part that a playlist names"`
	}
	// ContentInput names a file, by key or at a signed address.
	ContentInput struct {
		ID        string `path:"id" doc:"Id of the file"`
		Org       string `query:"org" doc:"Of a signed address: the organization"`
		Expires   int64  `query:"expires" doc:"Of a signed address: until when it is good, in seconds since 1970"`
		Signature string `query:"signature" doc:"Of a signed address: the signature"`
	}
)

func (s *Service) request(ctx context.Context, who authz.Actor, in *requestInput) (*requestOutput, error) {
	slot, err := s.Request(ctx, who, Draft{in.Mime, in.Name, in.ModuleCode})
	if err != nil {
		return nil, err
	}
	return &requestOutput{slot}, nil
}

func (s *Service) get(ctx context.Context, who authz.Actor, in *idInput) (*getOutput, error) {
	f, err := s.Get(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	return &getOutput{f}, nil
}

func (s *Service) bytes(variant string) func(context.Context, authz.Actor, *ContentInput) (*api.File, error) {
	return func(ctx context.Context, who authz.Actor, in *ContentInput) (*api.File, error) {
		if who.UserID == "" { // came with a signature, not with a key
			return s.ContentAt(ctx, signed{in.Org, in.ID, variant, in.Expires, in.Signature}, "")
		}
		return s.Content(ctx, who, in.ID, variant, "")
	}
}

func (s *Service) film(ctx context.Context, who authz.Actor, in *filmInput) (*api.File, error) {
	if who.UserID == "" {
		return s.ContentAt(ctx, signed{in.Org, in.ID, played, in.Expires, in.Signature}, in.Name)
	}
	return s.Content(ctx, who, in.ID, played, in.Name)
}

func (s *Service) delete(ctx context.Context, who authz.Actor, in *idInput) (*struct{}, error) {
	return nil, s.Delete(ctx, who, in.ID)
}

// view is a file as answers show it.
func (s *Service) view(orgID string, r row) person.File {
	mime := r.shownAs()
	f := person.File{
		ID: r.ID, Mime: mime, Path: key(orgID, r.ID), Name: r.Name, Size: r.Size, URL: s.signer.address(orgID, r.ID, original, addressFor),
		Bucket: &s.bucket, MP4URLs: []string{}, IsImage: strings.HasPrefix(mime, "image/"), IsVideo: strings.HasPrefix(mime, "video/"),
		CreatedAt: api.At(r.CreatedAt), Owner: &r.owner,
	}
	f.IsDoc = !f.IsImage && !f.IsVideo && !strings.HasPrefix(mime, "audio/")
	switch {
	case r.State != ready:
		f.Processing = &r.State
	case r.Processing != "":
		f.Processing = &r.Processing
	}
	if r.Thumbnail != "" {
		address := s.signer.address(orgID, r.ID, thumbnail, addressFor)
		f.Thumbnail = &address
	}
	switch r.Played {
	case original:
		f.MP4URLs = []string{s.signer.address(orgID, r.ID, original, playedFor)}
	case rendition:
		f.MP4URLs = []string{s.signer.address(orgID, r.ID, rendition, playedFor)}
	}
	if r.Stream != "" {
		address := s.signer.address(orgID, r.ID, r.Stream, playedFor)
		f.HLSURL = &address
	}
	f.Metadata = r.details()
	return f
}

// details are what is known of the content of a file, nil when that is nothing.
func (m Media) details() *person.Details {
	if m.Width == 0 && m.Reason == "" {
		return nil
	}
	d := &person.Details{}
	if m.Width > 0 {
		d.Width, d.Height = &m.Width, &m.Height
	}
	if m.Duration > 0 {
		seconds := float64(m.Duration) / 1000
		d.Duration = &seconds
	}
	if m.Reason != "" {
		d.Reason = &m.Reason
	}
	return d
}
