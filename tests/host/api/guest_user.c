/*
 * guest_user.c: the program of user mode under the table of API tests: it
 * runs known() (known_*.S, the places that the plugin watches) once, makes
 * known system calls, and has a second thread for a while.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

void known(void);

static void *thread(void *arg)
{
    return getppid() > 0 ? arg : NULL;
}

int main(void)
{
    static const char text[] = "guest: ran\n";
    pthread_t other;

    known();
    if (pthread_create(&other, NULL, thread, NULL)) {
        return 2;
    }
    pthread_join(other, NULL);
    return write(1, text, strlen(text)) != (ssize_t)strlen(text);
}
