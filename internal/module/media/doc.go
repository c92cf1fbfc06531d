// Package media is the files people upload: pictures, films, sound and documents that items
// of other modules show.
//
// A file begins as a request for an upload (the contract's GET /api/media, which makes
// something): the answer is a signed POST that the client sends to the file store
// (kernel/blob), on this server or on S3. Nobody tells this server when the bytes have
// arrived, so it looks when somebody asks for the file or puts it on an item, and when it
// tidies up. It then looks at the bytes: a file that is not of the family it was announced as
// (a page that calls itself a picture) is refused and its bytes are deleted; any other is
// ready, and only what the bytes are counts from then on.
//
// A JPEG, PNG, GIF or WebP is replaced at that moment by one without metadata, upright
// (kernel/imaging): nobody is ever shown where a picture was taken. One with too many pixels,
// or damaged, is refused before it is decoded. The job media.process then makes its thumbnail,
// and takes the words out of PDF, DOCX, PPTX and text files (kernel/extract); the items that
// show them are found by those. Until it is done `processing` says PROCESSING; a file can be
// used and read meanwhile. Of what the job cannot read, nothing is made, and the file stays.
//
// The job media.film makes of a film a thumbnail, an MP4 unless it already is one that browsers
// play, and an HLS stream (kernel/video). Without ffmpeg `processing` says SKIPPED until there
// is one; it says FAILED of a film that cannot be read. Either way the film stays and can be
// saved. What a film is played from has addresses that are good for six hours: a player comes
// back for every part.
//
// Who may do what: every member uploads. A file is readable by its owner and by everybody who
// may see an item that uses it (kernel/content); for others it does not exist: 404. Only its
// owner puts a file on an item, and deletes it while no item uses it. Files on an item stay
// with it when the item passes to another author. The bytes are served to whoever may read the
// file, and to whoever has the address that answers show, which is signed and good for five
// minutes: it is for browsers, which send no key for a picture.
//
// What is served can do no harm in a browser: pictures of pixels, mp4, webm, sound and plain
// text are shown, as what their bytes are, in a sandbox; everything else is saved.
//
// Choices where the reference is silent: one file is one upload; its name is made harmless
// rather than refused where that is possible; the size allowed depends on the kind of file;
// metadata of a refused file holds the reason.
//
// A quota bounds what a person's or the organization's files may have together: an upload is
// allowed as much as is left, and one that arrives when nothing is left any more is refused. A
// virus scanner (kernel/clamd) looks at a file before anybody gets it; one that is set and does
// not answer holds the file back.
//
// Tables: media, media_usage, media_uses, media_texts, server_secrets. Jobs: media.process, media.film,
// media.collect (uploads that never came, files that nothing has used for a day, films that
// waited for ffmpeg) and media.sweep (bytes without a file).
//
// Pictures of other formats (HEIC, TIFF, BMP) keep their metadata and are saved rather than
// shown. There is no DASH manifest (dashUrl is null): every browser plays the MP4 or the HLS
// stream.
package media
