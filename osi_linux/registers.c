/*
 * registers.c: registers, looked up once.  See registers.h.
 *
 * QEMU's handle of a register is the same for all vCPUs, and can be had when
 * one begins.  Each vCPU passes here before it runs, the first looks them up,
 * and nothing is written later: reading needs no order of its own.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "registers.h"

static const OsiArch *arch;
static struct qemu_plugin_register *registers[OSI_N_REGISTERS];

static void find_registers(qemu_plugin_id_t id, unsigned int vcpu_index)
{
    static gsize done;

    if (g_once_init_enter(&done)) {
        const char *const names[] = {
            [OSI_REG_PC] = arch->pc,
            [OSI_REG_SP] = arch->sp,
            [OSI_REG_ARG0] = arch->arguments[0],
            [OSI_REG_ARG1] = arch->arguments[1],
            [OSI_REG_ROOT] = arch->root,
            [OSI_REG_MODE] = arch->mode,
        };

        for (int i = 0; i < OSI_N_REGISTERS; i++) {
            if (names[i]) {
                registers[i] = qemu_plugin_find_register(names[i]);
            }
        }
        g_once_init_leave(&done, 1);
    }
}

void osi_registers_start(qemu_plugin_id_t id, const OsiArch *the_arch)
{
    arch = the_arch;
    qemu_plugin_register_vcpu_init_cb(id, find_registers);
}

bool osi_register_read(OsiRegister reg, uint64_t *value)
{
    return registers[reg] &&
           qemu_plugin_read_register_u64(registers[reg], value);
}
