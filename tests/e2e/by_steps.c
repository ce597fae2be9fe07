/* SPDX-License-Identifier: MIT */
/* Calls on a loop of this program's own, on which a timer of its own ticks meanwhile:
 * by_steps FILE TIMEOUT_MS LEVEL CLIENT USER SERVER HOW [SERVER HOW]...
 * FILE holds the credentials; - for CLIENT or USER stands for any. HOW says what becomes of the
 * call: "list", "rows" (on_row alone), "del", "start" (cancelled at once), "row" and "page"
 * (cancelled from there), or a number of ms until it is cancelled.
 * Prints "INDEX row LEVEL CLIENT USER TYPE TRANSPORT OPENS IDLE FLAGS" and "INDEX entry ..." alike
 * for those of a page, "INDEX end STATUS", and at last "ticks NUMBER". Dies where something is
 * called after an end, or twice. */
#include <netsession.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define MAX_CALLS 256
#define TICK_MS   5

static struct question {
	const char *how;
	int rows, pages, ends;
	struct netsession_call *call; /* NULL: it has ended */
	uv_timer_t timer;             /* cancels it */
} questions[MAX_CALLS];
static int count, left;
static unsigned ticks;
static uv_timer_t ticking;

static void must(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "not so: %s\n", what);
	abort();
}

static int number_of(const struct question *question)
{
	return (int)(question - questions);
}

static const char *shown(const char *text)
{
	return text == NULL ? "NULL" : text[0] == '\0' ? "\"\"" : text;
}

static void show(struct question *question, const char *what, uint32_t level,
                 const struct netsession_row *row)
{
	printf("%d %s %u %s %s %s %s %u %u %u\n", number_of(question), what, level,
	       shown(row->client), shown(row->user), shown(row->client_type), shown(row->transport),
	       row->num_opens, row->idle_s, row->user_flags);
}

static int is_for(const struct question *question, const char *how)
{
	return strcmp(question->how, how) == 0;
}

static void on_row(void *context, uint32_t level, const struct netsession_row *row)
{
	struct question *question = context;

	must(question->call != NULL, "no row after the end");
	must(question->pages == 0, "rows come before their page");
	question->rows++;
	show(question, "row", level, row);
	if (is_for(question, "row"))
		netsession_cancel(question->call);
}

static void on_page(void *context, struct netsession_page *page)
{
	struct question *question = context;

	must(question->call != NULL, "no page after the end");
	must(!is_for(question, "row"), "no page after a cancellation");
	question->pages++;
	for (uint32_t i = 0; i < netsession_page_entries(page); i++) {
		struct netsession_row row;

		must(netsession_page_row(page, i, &row) == 0, "a page has its rows");
		show(question, "entry", netsession_page_level(page), &row);
	}
	netsession_page_free(page);
	if (is_for(question, "page")) {
		netsession_cancel(question->call);
		netsession_cancel(question->call); /* once more does nothing */
	}
}

static void on_end(void *context, const struct netsession_error *error)
{
	struct question *question = context;

	must(question->call != NULL && question->ends == 0, "one end");
	question->call = NULL;
	question->ends++;
	printf("%d end %u\n", number_of(question), error->status);
	uv_timer_stop(&question->timer);
	if (--left == 0)
		uv_timer_stop(&ticking);
}

static void on_timer(uv_timer_t *timer)
{
	struct question *question = timer->data;

	netsession_cancel(question->call);
	must(question->call != NULL, "netsession_cancel calls nothing itself");
}

static void on_tick(uv_timer_t *timer)
{
	(void)timer;
	ticks++;
}

static const struct netsession_handler both = { on_row, on_page, on_end },
				       rows_alone = { on_row, NULL, on_end };

static void start(struct netsession *session, const struct netsession_query *query, uv_loop_t *loop)
{
	struct question *question = &questions[count++];
	const struct netsession_handler *handler = &both;
	uint32_t status;

	uv_timer_init(loop, &question->timer);
	question->timer.data = question;
	if (is_for(question, "rows"))
		handler = &rows_alone;
	status = is_for(question, "del")
	                 ? netsession_start_del(session, query, handler, question, &question->call)
	                 : netsession_start(session, query, handler, question, &question->call);
	must(status == 0, "it starts");
	must(question->ends == 0, "netsession_start calls nothing itself");
	left++;
	if (is_for(question, "start"))
		netsession_cancel(question->call);
	else if (question->how[0] >= '0' && question->how[0] <= '9')
		uv_timer_start(&question->timer, on_timer, (uint64_t)atoi(question->how), 0);
	must(question->ends == 0, "netsession_cancel calls nothing itself");
}

static const char *given(const char *word)
{
	return strcmp(word, "-") == 0 ? NULL : word;
}

int main(int argc, char **argv)
{
	struct netsession_query query = { 0 };
	struct netsession *session;
	uv_loop_t loop;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 8 || argc % 2 != 0 || argc > MAX_CALLS)
		return 2;
	must(netsession_credentials_read(argv[1], &query.credentials, NULL) == 0, "credentials");
	query.timeout_ms = (uint32_t)atoi(argv[2]);
	query.level = (uint32_t)atoi(argv[3]);
	query.client = given(argv[4]);
	query.user = given(argv[5]);
	must(uv_loop_init(&loop) == 0, "a loop");
	uv_timer_init(&loop, &ticking);
	uv_timer_start(&ticking, on_tick, TICK_MS, TICK_MS);
	session = netsession_new_on_loop(&loop);
	must(session != NULL, "a session on it");
	for (int i = 6; i < argc; i += 2) {
		query.server = argv[i];
		questions[count].how = argv[i + 1];
		start(session, &query, &loop);
	}
	netsession_credentials_free(query.credentials);
	uv_run(&loop, UV_RUN_DEFAULT);
	netsession_free(session);
	must(left == 0, "every call ends");
	printf("ticks %u\n", ticks);
	for (int i = 0; i < count; i++)
		uv_close((uv_handle_t *)&questions[i].timer, NULL);
	uv_close((uv_handle_t *)&ticking, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	must(uv_loop_close(&loop) == 0, "nothing is left on the loop");
	netsession_close_idle(NULL);
	return 0;
}
