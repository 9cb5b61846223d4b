/*
 * The interface between abgleich and an adapter plugin, version 1.2. This file is normative.
 *
 * An adapter is a shared library that exports one function, abgleich_adapter_v1. It brings records of a staffITpro database to
 * abgleich and takes updates back. It can neither create nor delete records: there is no message for that.
 *
 * MESSAGES are JSON in UTF-8. A request is an object with the key "method"; a reply is {"ok": ...} or {"error": ...}. The
 * schemas are in schemas/: request.json, and METHOD.reply.json for each method. Whoever reads a message passes over keys that
 * it does not know. In the fields of a record an absent key means unknown, null means blank; in a reply that says "brief" an absent
 * key of a field that the description calls readable means blank as well. Ids, versions and positions are opaque text of the
 * adapter's making. Dates are "2026-11-22", instants are RFC 3339 with a zone.
 *
 * VERSIONS. The major version is in the name of the symbol and in the table; it changes when a plugin must be changed. The
 * minor version changes when something is appended to a table or a message; old plugins go on working. Neither follows the
 * version of abgleich. Appended since 1.0: in 1.1 the method "news" (capability news/1); in 1.2 "brief" in fetch.
 *
 * CAPABILITIES. An adapter names what it implements as name/revision in its manifest, and what works with a database in its
 * description. base/1 (describe, list, fetch) is needed; everything else is optional and never called where it is not named:
 * users/1, changes/1, activities/1, members/1, set_member/1, update/1, news/1. Without news/1 a program that watches asks changes
 * and members for each user in turn, more slowly the more users there are.
 *
 * OWNERSHIP. Whoever allocates frees. What abgleich passes in is abgleich's, and may be read during the call only, with the one
 * exception of the host table, which is valid until close returns. What the plugin passes out is the plugin's; abgleich gives
 * it back through free_bytes.
 *
 * THREADS. open, all calls and close of one instance are made by one and the same thread, one after the other. Instances are
 * independent: several may work at the same time, each on a thread of its own. cancel alone comes from another thread. The
 * functions of the host may be called from any thread.
 *
 * FAILURES. Nothing may unwind out of any of these functions: no C++ exception, no Rust panic, no structured exception, no
 * longjmp. A call that fails replies {"error": ...}. A call that does not come back in time is cancelled, and if that does not
 * help either, its thread and its instance are given up; other instances go on.
 *
 * LOADING. A library is loaded once and never unloaded. Its initialisers must not wait for other threads, read configuration,
 * or write anywhere.
 */
#ifndef ABGLEICH_PLUGIN_H
#define ABGLEICH_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ABGLEICH_ABI_MAJOR 1
#define ABGLEICH_ABI_MINOR 2

/* The eight bytes of abgleich_adapter.magic, without a terminating NUL. */
#define ABGLEICH_MAGIC {'A', 'B', 'G', 'L', 'E', 'I', 'C', 'H'}

/* What open and call return. */
#define ABGLEICH_REPLIED 0 /* *reply was filled. */
#define ABGLEICH_FAILED 1  /* There is not even a reply; *reply was not touched. */

/* The levels of log. */
#define ABGLEICH_ERROR 1
#define ABGLEICH_WARN 2
#define ABGLEICH_INFO 3
#define ABGLEICH_DEBUG 4
#define ABGLEICH_TRACE 5

#ifdef _WIN32
#define ABGLEICH_EXPORT __declspec(dllexport)
#elif defined(__GNUC__)
#define ABGLEICH_EXPORT __attribute__((visibility("default")))
#else
#define ABGLEICH_EXPORT
#endif

/* An instance of the adapter. Only the plugin knows what is behind the pointer. */
typedef struct abgleich_instance abgleich_instance;

/* Bytes that the plugin has allocated. data must not be null in a reply, even if len is 0. */
typedef struct abgleich_bytes {
    uint8_t *data;
    size_t len;
} abgleich_bytes;

/* What abgleich offers to an instance. The table and what it leads to are valid from open until close returns. */
typedef struct abgleich_host {
    /* The size of this table in bytes. Read no member that lies beyond it. */
    uint32_t struct_size;
    uint16_t abi_major;
    uint16_t abi_minor;

    /* To be handed back to the functions below. */
    void *context;

    /* Writes a line to abgleich's log. text is UTF-8 without a terminating NUL, and is copied. It must not contain values of
     * records or secrets; ids are fine. May be called from any thread. Returns at once. */
    void (*log)(void *context, int32_t level, const uint8_t *text, size_t len);

    /* Returns something else than 0 if the running call should come to an end, with an error of kind "cancelled". May be
     * called from any thread, as often as wanted. Returns at once. */
    int32_t (*cancelled)(void *context);
} abgleich_host;

/* The adapter. A constant: it and all that it leads to never change and are never freed. */
typedef struct abgleich_adapter {
    /* sizeof(abgleich_adapter) as the plugin was compiled. */
    uint32_t struct_size;
    /* ABGLEICH_ABI_MAJOR and ABGLEICH_ABI_MINOR as the plugin was compiled. */
    uint16_t abi_major;
    uint16_t abi_minor;
    /* ABGLEICH_MAGIC. */
    uint8_t magic[8];

    /* The adapter's name (such as "sqlite"), its version and who makes it: UTF-8, terminated by NUL, not null. */
    const char *name;
    const char *version;
    const char *vendor;

    /* Opens an instance. config is an object as in schemas/open.config.json; it may contain secrets, so keep no copy that is
     * not needed. Both host and config are abgleich's; host stays valid until close returns.
     * On success: sets *instance, and *reply to {"ok": {}}. On failure: leaves *instance null and sets *reply to
     * {"error": ...}. Must not be null. */
    int32_t (*open)(const abgleich_host *host, const uint8_t *config, size_t config_len,
                    abgleich_instance **instance, abgleich_bytes *reply);

    /* Answers one request, an object as in schemas/request.json; sets *reply. instance is null for the method "manifest" and
     * for no other; that call may come from any thread at any time. Must not be null. */
    int32_t (*call)(abgleich_instance *instance, const uint8_t *request, size_t request_len,
                    abgleich_bytes *reply);

    /* Asks the running call of an instance to end soon. Comes from another thread than the call, possibly when the call has
     * just ended; then nothing is to be done, and the next call is not affected. Never comes after close was called. Returns at
     * once. May be null: then only host.cancelled tells. */
    void (*cancel)(abgleich_instance *instance);

    /* Frees the bytes of a reply, given back exactly as they were passed out, once, by the thread that made the call.
     * Must not be null. */
    void (*free_bytes)(uint8_t *data, size_t len);

    /* Ends an instance. No call is running, none follows. When it returns, no thread of the instance uses the host any more.
     * Must not be null. */
    void (*close)(abgleich_instance *instance);
} abgleich_adapter;

/* The one exported symbol. Returns the adapter's table, always the same. Called on any thread. */
ABGLEICH_EXPORT const abgleich_adapter *abgleich_adapter_v1(void);

#ifdef __cplusplus
}
#endif

#endif
