/**
 * override_creds_light - Put credentials in force without taking a reference
 * @new: The credentials to put in force
 *
 * Like override_creds(), but the caller vouches that @new stays alive until
 * revert_creds_light() is called. Only to be paired with that.
 *
 * Return: the credentials that were in force before.
 */
static inline const struct cred *override_creds_light(const struct cred *new)
{
	return rcu_replace_pointer(current->cred, new, 1);
}

/**
 * revert_creds_light - End what override_creds_light() began
 * @old: What override_creds_light() returned
 *
 * Drops no reference, as none was taken.
 */
static inline void revert_creds_light(const struct cred *old)
{
	rcu_assign_pointer(current->cred, old);
}
