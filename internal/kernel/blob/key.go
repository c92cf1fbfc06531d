package blob

import (
	"regexp"

	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// mediaType is a media type with parameters as RFC 9110 writes them, without quoted
// strings: what goes into a policy needs no escaping on any server.
var mediaType = regexp.MustCompile(`^[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}(; ?[A-Za-z0-9_-]{1,64}=[A-Za-z0-9!#$&^_.+-]{1,127})*$`)

// segment is lower case, because some file systems do not tell cases apart, and begins and
// ends with a letter or digit, which leaves out "." and "..", hidden files and options.
const segment = `[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?`

// validKey has a fixed depth, so that no key is a directory of another.
var validKey = regexp.MustCompile(`^org/` + segment + `/` + segment + `/` + segment + `$`)

// Key is where the server keeps one of the objects that make a file of an organization:
// "org/{organization}/{file}/{name}". Clients never choose a part of it.
func Key(org, file, name string) string { return "org/" + org + "/" + file + "/" + name }

// CheckKey refuses a string that Key would not make of ids and a short lower-case name.
func CheckKey(key string) error {
	if len(key) > 256 || !validKey.MatchString(key) {
		return fault.New(fault.KindInternal, "blob.keyInvalid", "the key is not one this server makes")
	}
	return nil
}
