#include "udp.h"
#include <errno.h>
#include <linux/filter.h>

// Chooses among the sockets of a shared port. The program takes the little-endian number at
// `offset` of the payload, masks it, shifts it, and takes the remainder by `modulus` unless that is
// 0. A number beyond the last socket makes the kernel fall back to its hash of addresses. Therefore
// -1 stands for "too short".
int udp_steer(int fd, uint32_t offset, uint32_t mask, uint32_t shift, uint32_t modulus) {
  struct sock_filter program[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, offset + 4, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, offset + 3),
    BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 8),
    BPF_STMT(BPF_MISC | BPF_TAX, 0),
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, offset + 2),
    BPF_STMT(BPF_ALU | BPF_OR | BPF_X, 0),
    BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 8),
    BPF_STMT(BPF_MISC | BPF_TAX, 0),
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, offset + 1),
    BPF_STMT(BPF_ALU | BPF_OR | BPF_X, 0),
    BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 8),
    BPF_STMT(BPF_MISC | BPF_TAX, 0),
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, offset),
    BPF_STMT(BPF_ALU | BPF_OR | BPF_X, 0),
    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask),
    BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, shift),
    // The kernel refuses a division by the constant 0. An `or 0` changes nothing.
    BPF_STMT(BPF_ALU | (modulus ? BPF_MOD : BPF_OR) | BPF_K, modulus),
    BPF_STMT(BPF_RET | BPF_A, 0),
  };
  struct sock_fprog filter = { sizeof program / sizeof *program, program };
  return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &filter, sizeof filter) == 0 ? 0 : -errno;
}
