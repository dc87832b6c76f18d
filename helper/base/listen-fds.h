// SPDX-License-Identifier: MIT
// systemd's socket activation, without its library: sd_listen_fds(3).
#ifndef SK_LISTEN_FDS_H
#define SK_LISTEN_FDS_H

#define LISTEN_FDS_START 3

// How many descriptors, from LISTEN_FDS_START on, systemd has given to this very process; 0 for none.
int listen_fds_count(void);

#endif
