// SPDX-License-Identifier: Apache-2.0
// Steps that the container's init and exec share: what makes a process confined. Both tables name the same functions, so
// that the two cannot drift apart.
#ifndef HUSK_INIT_STEPS_H
#define HUSK_INIT_STEPS_H

#include "libcontainer/init/init.h"

// confine.c, in the order in which the tables use them
int step_new_session(struct init *init, struct error *err) must_check;
int step_open_proc(struct init *init, struct error *err) must_check;
int step_keyring(struct init *init, struct error *err) must_check;
int step_open_terminal(struct init *init, struct error *err) must_check;
int step_use_terminal(struct init *init, struct error *err) must_check;
int step_control_terminal(struct init *init, struct error *err) must_check;
int step_own_stdio(struct init *init, struct error *err) must_check;
int step_scheduling(struct init *init, struct error *err) must_check;
int step_labels(struct init *init, struct error *err) must_check;
int step_environment(struct init *init, struct error *err) must_check;
int step_listen_pid(struct init *init, struct error *err) must_check;
int step_find_program(struct init *init, struct error *err) must_check;
int step_bounding(struct init *init, struct error *err) must_check;
int step_no_new_privileges(struct init *init, struct error *err) must_check;
int step_prove_directory(struct init *init, struct error *err) must_check;
int step_filter_early(struct init *init, struct error *err) must_check;
int step_identity(struct init *init, struct error *err) must_check;
int step_working_directory(struct init *init, struct error *err) must_check;
int step_close_descriptors(struct init *init, struct error *err) must_check;
int step_signals(struct init *init, struct error *err) must_check;
int step_filter_listener(struct init *init, struct error *err) must_check;
int step_say_last(struct init *init, struct error *err) must_check;
int step_filter_late(struct init *init, struct error *err) must_check;
int step_execute(struct init *init, struct error *err) must_check;

// birth.c
int step_be_born(struct init *init, struct error *err) must_check;
int step_die_with_runtime(struct init *init, struct error *err) must_check;
int step_limits(struct init *init, struct error *err) must_check;
int step_begin_session(struct init *init, struct error *err) must_check;
bool wants_birth_early(const struct init *init);
bool wants_birth_late(const struct init *init);
bool wants_own_session(const struct init *init);
bool is_born(const struct init *init);

bool wants_process(const struct init *init);
bool wants_proc(const struct init *init);
bool wants_terminal(const struct init *init);
bool wants_filter_early(const struct init *init);
bool wants_filter_listener(const struct init *init);
bool wants_filter_late(const struct init *init);
bool wants_listen_pid(const struct init *init);
bool wants_keyring(const struct init *init);

#endif
