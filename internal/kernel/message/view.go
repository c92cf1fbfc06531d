package message

import (
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/linkpreview"
	"github.com/workdrive/workdrive/internal/kernel/person"
)

// Parts are a message as clients read it.
type Parts struct {
	PostText        string        `json:"postText" doc:"The text"`
	Files           *person.File  `json:"files" doc:"The first file, or null"`
	FileList        []person.File `json:"fileList" doc:"All files"`
	LinkPreviews    *LinkPreview  `json:"linkPreviews" doc:"The first link preview, or null"`
	LinkPreviewList []LinkPreview `json:"linkPreviewList" doc:"All link previews"`
	Tags            []string      `json:"tags" doc:"Tags as written"`
	Mentions        []person.Card `json:"mentions" doc:"People mentioned"`
	TaggedUsers     []person.Card `json:"taggedUsers" doc:"People tagged"`
	Gif             *string       `json:"gif" doc:"Address of an animated picture"`
	Links           []string      `json:"links" doc:"Addresses"`
	Location        *Location     `json:"location" doc:"A place"`
}

// LinkPreview is the card of a link.
type LinkPreview struct {
	Title       string  `json:"title" doc:"Title of the page"`
	Description string  `json:"description" doc:"Description of the page"`
	Image       *string `json:"image" doc:"Address of a picture"`
	Link        string  `json:"link" doc:"The link"`
}

// PartsOf shows a message with what it shows of other modules.
func PartsOf(b *Body, with content.Company) Parts {
	v := Parts{
		PostText: b.Text, FileList: PickFiles(with, b.Files...), LinkPreviewList: Cards(b.previewed(), with.Links),
		Tags: NotNil(b.Tags), Links: NotNil(b.Links), Location: b.Location,
		Mentions: person.Pick(with.People, b.Mentions), TaggedUsers: person.Pick(with.People, b.Tagged),
		Gif: Optional(b.Gif),
	}
	if len(v.LinkPreviewList) > 0 {
		v.LinkPreviews = &v.LinkPreviewList[0]
	}
	if len(v.FileList) > 0 {
		v.Files = &v.FileList[0]
	}
	return v
}

// PickFiles gives the files of ids that are there, in their order.
func PickFiles(with content.Company, ids ...string) []person.File {
	list := make([]person.File, 0, len(ids))
	for _, id := range ids {
		if f, ok := with.Files[id]; ok {
			list = append(list, f)
		}
	}
	return list
}

// PickFile gives the file of an id, or nil.
func PickFile(with content.Company, id string) *person.File {
	if f, ok := with.Files[id]; ok {
		return &f
	}
	return nil
}

// Cards gives the cards that are there, in the order of the links.
func Cards(links []string, cards map[string]linkpreview.Preview) []LinkPreview {
	list := []LinkPreview{}
	for _, link := range links {
		card, ok := cards[link]
		if !ok {
			continue
		}
		list = append(list, LinkPreview{Title: card.Title, Description: card.Description, Link: card.Link, Image: Optional(card.Image)})
	}
	return list
}

// Optional gives null for no text.
func Optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// NotNil gives [] for no list.
func NotNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
