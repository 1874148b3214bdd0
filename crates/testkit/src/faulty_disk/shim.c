/* A disk that forgets: preloaded into a process, it notes how to take back each change below one folder, and when something was
 * synced. See faulty_disk.rs for the journal's format and what is done with it.
 *
 * - A note is written before its change, under one lock, so that after a kill the journal knows at least what the disk knows.
 * - Syncs are only noted: a kill leaves the page cache alive, and the harness decides what of it is lost.
 * - What is unlinked or replaced keeps a second name in the graveyard: it can be given back, and its inode number is not used again.
 * - Calls go straight to the kernel, so nothing depends on the order in which libraries are loaded.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITE = 1, TRUNCATE, SYNC, CREATE, REMOVE, RENAME };

struct note {
    uint32_t kind;
    uint32_t first_bytes;
    uint32_t second_bytes;
    uint32_t reserved;
    uint64_t owner;  /* inode of the file, or of the folder whose names change */
    uint64_t number; /* offset, or inode of the file that is named */
    uint64_t size;   /* of the file before the change */
};

/* Set by the harness while the process runs. */
struct control {
    uint64_t space_left;  /* bytes that files may still grow by; all ones: no limit */
    uint64_t short_every; /* each n-th write takes half of its bytes; 0: none */
    uint64_t fail_syncs;  /* the next n syncs fail */
};

#define TRACKED (1u << 18)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX], home[PATH_MAX];
static size_t root_len;
static int journal = -1;
static dev_t device;
static struct control *control;
static uint64_t tracked[TRACKED], buried, writes;

static int raw_open(const char *path, int flags, mode_t mode) {
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static void die(const char *what) {
    dprintf(2, "faulty disk: %s: %s\n", what, strerror(errno));
    abort();
}

__attribute__((constructor)) static void start(void) {
    const char *root_env = getenv("FAULTY_DISK_ROOT"), *home_env = getenv("FAULTY_DISK_HOME");
    if (!root_env || !home_env) return;
    snprintf(root, sizeof root, "%s/", root_env);
    snprintf(home, sizeof home, "%s", home_env);
    char path[PATH_MAX + 16];
    struct stat about;
    if (stat(root_env, &about)) die("no root");
    device = about.st_dev;
    snprintf(path, sizeof path, "%s/control", home);
    int fd = raw_open(path, O_RDWR | O_CLOEXEC, 0);
    if (fd < 0) die("no control file");
    control = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (control == MAP_FAILED) die("cannot map the control file");
    snprintf(path, sizeof path, "%s/journal", home);
    journal = raw_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (journal < 0) die("no journal");
    /* A later life goes on counting behind the graves of the ones before. */
    snprintf(path, sizeof path, "%s/grave-%llu", home, (unsigned long long)buried);
    while (access(path, F_OK) == 0) snprintf(path, sizeof path, "%s/grave-%llu", home, (unsigned long long)++buried);
    root_len = strlen(root);
}

/* SQLite's -shm is shared memory with a name: nobody expects it to survive. */
static int is_below(const char *path) {
    if (!root_len || strncmp(path, root, root_len)) return 0;
    size_t len = strlen(path);
    return len < 4 || strcmp(path + len - 4, "-shm");
}

static uint64_t *slot(uint64_t inode) {
    for (uint64_t at = inode * 0x9e3779b97f4a7c15ull >> 46, n = 0; n < TRACKED; n++, at++) {
        uint64_t *place = &tracked[at % TRACKED];
        if (*place == inode || !*place) return place;
    }
    errno = ENOMEM;
    die("too many files");
    return NULL;
}

/* Whether changes of what is open here are noted; fills in what it is. */
static int is_tracked(int fd, struct stat *about) {
    if (!root_len || fstat(fd, about) || about->st_dev != device || !S_ISREG(about->st_mode)) return 0;
    return *slot(about->st_ino) == about->st_ino;
}

static void append(const void *bytes, size_t len) {
    for (const char *at = bytes; len > 0;) {
        ssize_t done = syscall(SYS_write, journal, at, len);
        if (done < 0 && errno != EINTR) die("cannot write the journal");
        if (done > 0) at += done, len -= (size_t)done;
    }
}

static void note(uint32_t kind, uint64_t owner, uint64_t number, uint64_t size, const void *first, size_t first_bytes,
                 const char *second) {
    size_t second_bytes = second ? strlen(second) : 0;
    struct note head = {kind, (uint32_t)first_bytes, (uint32_t)second_bytes, 0, owner, number, size};
    append(&head, sizeof head);
    append(first, first_bytes);
    append(second, second_bytes);
}

/* Notes the bytes of [offset, end) that are there now. */
static void note_old(uint32_t kind, int fd, const struct stat *about, uint64_t offset, uint64_t end) {
    uint64_t size = (uint64_t)about->st_size;
    size_t len = offset < size ? (size_t)((end < size ? end : size) - offset) : 0;
    char path[64], *old = len ? mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) : NULL;
    if (old == MAP_FAILED) die("no memory");
    if (len) {
        /* By name: the descriptor may be open for writing only. */
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        int reading = raw_open(path, O_RDONLY | O_CLOEXEC, 0);
        size_t done = 0;
        while (done < len) {
            ssize_t some = pread(reading, old + done, len - done, (off_t)(offset + done));
            if (some <= 0) die("cannot read what was there");
            done += (size_t)some;
        }
        syscall(SYS_close, reading);
    }
    note(kind, about->st_ino, offset, size, old, len, NULL);
    if (len) munmap(old, len);
}

static uint64_t folder_of(const char *path) {
    char folder[PATH_MAX];
    struct stat about;
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash) *slash = 0;
    return stat(folder, &about) ? 0 : about.st_ino;
}

/* Gives a file a second name, so that its end can be taken back. */
static void bury(const char *path, char *grave, size_t size) {
    snprintf(grave, size, "%s/grave-%llu", home, (unsigned long long)buried++);
    if (syscall(SYS_linkat, AT_FDCWD, path, AT_FDCWD, grave, 0)) die("cannot bury");
}

static int limited(void) { return control->space_left != UINT64_MAX; }

static void give_space(uint64_t bytes) {
    if (limited()) control->space_left += bytes;
}

/* How many of `len` bytes a write takes; -1 with ENOSPC when none fits. */
static ssize_t allowed(uint64_t offset, size_t len, uint64_t size) {
    if (control->short_every && len > 1 && ++writes % control->short_every == 0) len = (len + 1) / 2;
    if (!limited()) return (ssize_t)len;
    uint64_t growth = offset + len > size ? offset + len - size : 0;
    uint64_t missing = growth > control->space_left ? growth - control->space_left : 0;
    if (missing >= len && len > 0) {
        errno = ENOSPC;
        return -1;
    }
    control->space_left -= growth - missing;
    return (ssize_t)(len - missing);
}

static int open_noting(int at, const char *path, int flags, mode_t mode) {
    if (!is_below(path) || (flags & O_DIRECTORY)) return (int)syscall(SYS_openat, at, path, flags, mode);
    pthread_mutex_lock(&lock);
    struct stat about;
    int existed = stat(path, &about) == 0, fd = -1;
    if (!existed && (flags & O_CREAT) && limited() && control->space_left == 0) {
        errno = ENOSPC;
    } else {
        if (existed && S_ISREG(about.st_mode) && (flags & O_TRUNC) && about.st_size > 0 && !((flags & O_CREAT) && (flags & O_EXCL))) {
            int old = raw_open(path, O_RDONLY | O_CLOEXEC, 0);
            if (old >= 0) {
                note_old(TRUNCATE, old, &about, 0, (uint64_t)about.st_size);
                syscall(SYS_close, old);
                give_space((uint64_t)about.st_size);
            }
        }
        fd = (int)syscall(SYS_openat, at, path, flags, mode);
        if (fd >= 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode)) {
            *slot(about.st_ino) = about.st_ino;
            /* After the fact, as only now it has a number: an empty file that a kill leaves here is no harm. */
            if (!existed) note(CREATE, folder_of(path), about.st_ino, 0, path, strlen(path), NULL);
        }
    }
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return fd;
}

#define OPEN_MODE(flags)                                  \
    mode_t mode = 0;                                      \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                \
        va_list rest;                                     \
        va_start(rest, flags);                            \
        mode = (mode_t)va_arg(rest, int);                 \
        va_end(rest);                                     \
    }

int open(const char *path, int flags, ...) {
    OPEN_MODE(flags)
    return open_noting(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    OPEN_MODE(flags)
    return open_noting(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}

int openat(int at, const char *path, int flags, ...) {
    OPEN_MODE(flags)
    return open_noting(at, path, flags, mode);
}

int openat64(int at, const char *path, int flags, ...) {
    OPEN_MODE(flags)
    return open_noting(at, path, flags | O_LARGEFILE, mode);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset) {
    struct stat about;
    if (!is_tracked(fd, &about)) return syscall(SYS_pwrite64, fd, bytes, len, offset);
    pthread_mutex_lock(&lock);
    fstat(fd, &about);
    ssize_t done = allowed((uint64_t)offset, len, (uint64_t)about.st_size);
    if (done >= 0) {
        note_old(WRITE, fd, &about, (uint64_t)offset, (uint64_t)offset + (uint64_t)done);
        done = syscall(SYS_pwrite64, fd, bytes, (size_t)done, offset);
    }
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t offset) { return pwrite(fd, bytes, len, offset); }

ssize_t write(int fd, const void *bytes, size_t len) {
    struct stat about;
    if (!is_tracked(fd, &about)) return syscall(SYS_write, fd, bytes, len);
    pthread_mutex_lock(&lock);
    fstat(fd, &about);
    off_t offset = fcntl(fd, F_GETFL) & O_APPEND ? about.st_size : lseek(fd, 0, SEEK_CUR);
    ssize_t done = allowed((uint64_t)offset, len, (uint64_t)about.st_size);
    if (done >= 0) {
        note_old(WRITE, fd, &about, (uint64_t)offset, (uint64_t)offset + (uint64_t)done);
        done = syscall(SYS_write, fd, bytes, (size_t)done);
    }
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

/* One part at a time: a caller must expect fewer bytes than it gave. */
ssize_t writev(int fd, const struct iovec *parts, int count) {
    struct stat about;
    if (!is_tracked(fd, &about)) return syscall(SYS_writev, fd, parts, count);
    for (int part = 0; part < count; part++)
        if (parts[part].iov_len > 0) return write(fd, parts[part].iov_base, parts[part].iov_len);
    return 0;
}

int ftruncate(int fd, off_t len) {
    struct stat about;
    if (!is_tracked(fd, &about)) return (int)syscall(SYS_ftruncate, fd, len);
    pthread_mutex_lock(&lock);
    fstat(fd, &about);
    note_old(TRUNCATE, fd, &about, (uint64_t)len, UINT64_MAX);
    int result = (int)syscall(SYS_ftruncate, fd, len);
    if (result == 0 && len < about.st_size) give_space((uint64_t)(about.st_size - len));
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

int ftruncate64(int fd, off64_t len) { return ftruncate(fd, len); }

static int sync_noting(int fd, long number) {
    struct stat about;
    if (!root_len || fstat(fd, &about) || about.st_dev != device) return (int)syscall(number, fd);
    int fails = 0;
    pthread_mutex_lock(&lock);
    if (S_ISDIR(about.st_mode) || *slot(about.st_ino) == about.st_ino) {
        fails = control->fail_syncs > 0;
        if (fails) control->fail_syncs--;
        else note(SYNC, about.st_ino, 0, 0, NULL, 0, NULL);
    }
    pthread_mutex_unlock(&lock);
    if (fails) errno = EIO;
    return fails ? -1 : 0;
}

int fsync(int fd) { return sync_noting(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_noting(fd, SYS_fdatasync); }

static int remove_noting(int at, const char *path, int flags) {
    struct stat about;
    char grave[PATH_MAX + 32];
    if (!is_below(path) || (flags & AT_REMOVEDIR)) return (int)syscall(SYS_unlinkat, at, path, flags);
    pthread_mutex_lock(&lock);
    if (stat(path, &about) == 0 && S_ISREG(about.st_mode)) {
        bury(path, grave, sizeof grave);
        note(REMOVE, folder_of(path), about.st_ino, 0, path, strlen(path), grave);
        give_space((uint64_t)about.st_size);
    }
    int result = (int)syscall(SYS_unlinkat, at, path, flags), error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

int unlink(const char *path) { return remove_noting(AT_FDCWD, path, 0); }
int unlinkat(int at, const char *path, int flags) { return remove_noting(at, path, flags); }

int rename(const char *from, const char *to) {
    struct stat about, replaced;
    char grave[PATH_MAX + 32] = "", both[2 * PATH_MAX];
    if (!is_below(from) || !is_below(to)) return (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
    pthread_mutex_lock(&lock);
    if (stat(from, &about) == 0) {
        if (stat(to, &replaced) == 0 && S_ISREG(replaced.st_mode)) bury(to, grave, sizeof grave);
        int len = snprintf(both, sizeof both, "%s\n%s", from, to);
        note(RENAME, folder_of(to), about.st_ino, 0, both, (size_t)len, grave);
    }
    int result = (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to), error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

static int created(int result, const char *path) {
    struct stat about;
    int error = errno;
    if (result == 0 && stat(path, &about) == 0)
        note(CREATE, folder_of(path), about.st_ino, 0, path, strlen(path), NULL);
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

int mkdir(const char *path, mode_t mode) {
    if (!is_below(path)) return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
    pthread_mutex_lock(&lock);
    return created((int)syscall(SYS_mkdirat, AT_FDCWD, path, mode), path);
}

int linkat(int from_at, const char *from, int to_at, const char *to, int flags) {
    if (!is_below(to)) return (int)syscall(SYS_linkat, from_at, from, to_at, to, flags);
    pthread_mutex_lock(&lock);
    return created((int)syscall(SYS_linkat, from_at, from, to_at, to, flags), to);
}
